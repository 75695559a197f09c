/** One broker of a cluster, as its own process on a port that it keeps. */
export interface ApacheKafkaBroker {
  readonly id: number;
  /** "host:port" */
  readonly address: string;
  readonly pid: number | undefined;
  /** Starts it again with its data, and waits until it answers. */
  start(): Promise<void>;
  /** SIGTERM: it hands over what it leads, and ends. */
  stop(): Promise<void>;
  /** SIGKILL */
  kill(): Promise<void>;
}

export interface ApacheKafkaCluster {
  readonly addresses: readonly string[];
  readonly brokers: readonly ApacheKafkaBroker[];
  /** Ends every broker. Their directory stays. */
  stop(): Promise<void>;
}

export declare function startApacheKafkaCluster(options: {
  readonly brokerCount: number;
  readonly directory: string;
  readonly signal?: AbortSignal;
}): Promise<ApacheKafkaCluster>;
