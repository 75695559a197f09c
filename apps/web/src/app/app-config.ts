import { useQuery } from "@tanstack/react-query";

/** What the installation tells its pages. */
export interface AppConfig {
  /** Where phones reach us. */
  readonly publicUrl: string;
  /** Then they do not: it is the address of this very machine. */
  readonly publicUrlIsLoopback: boolean;
  readonly suggestedUrl?: string;
  /** Address of a trace, with `{traceId}` in it, where this installation shows traces. */
  readonly traceUrl?: string;
  /** None where there is nobody to try it out as. */
  readonly demo?: {
    readonly password: string;
    readonly users: readonly { readonly username: string; readonly role: string }[];
  };
  readonly version: string;
}

/** As the gateway says it. */
interface AppConfigAnswer extends Omit<AppConfig, "demo"> {
  readonly demoUsers: readonly { readonly username: string; readonly role: string }[];
  readonly demoPassword: string | null;
}

const timeoutMs = 10_000;

export async function readAppConfig(): Promise<AppConfig> {
  const response = await fetch("/app-config.json", { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) {
    throw new Error(`/app-config.json: ${response.status}`);
  }
  const { demoUsers, demoPassword, ...config } = (await response.json()) as AppConfigAnswer;
  return demoPassword === null || demoUsers.length === 0
    ? config
    : { ...config, demo: { password: demoPassword, users: demoUsers } };
}

/** Undefined until it is there, and where there is none. */
export function useAppConfig(): AppConfig | undefined {
  return useQuery({
    queryKey: ["app-config"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: readAppConfig,
  }).data;
}
