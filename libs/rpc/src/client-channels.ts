import type { DescService } from "@bufbuild/protobuf";
import { type ChannelOptions, Client, connectivityState, credentials } from "@grpc/grpc-js";
import { channelTargets } from "./channel-target.ts";
import { silenceGrpcLog } from "./grpc-logging.ts";
import { defaultLimits } from "./limits.ts";
import { serviceConfigOf } from "./service-config.ts";

/** PEM texts. The certificate and key identify this client to a server that asks for it. */
export interface ClientTls {
  /** Who signed the server's certificate; the system's authorities if absent. */
  readonly authority?: string | Buffer;
  readonly certificate?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name that the server's certificate is for, where it is not the address. */
  readonly serverName?: string;
}

/** The connections of one transport. */
export interface ClientChannels {
  /** The channel for the next call: each in turn, but not one whose servers cannot be reached while others can. */
  next(): Client;
  close(): void;
}

export function openChannels(options: {
  readonly address: string;
  readonly services: readonly DescService[];
  readonly tls: ClientTls | undefined;
  readonly channels: number;
}): ClientChannels {
  const { tls, channels } = options;
  silenceGrpcLog();
  const channelOptions: ChannelOptions = {
    "grpc.service_config": serviceConfigOf(options.services),
    // Without this a TXT record of the host's name could change the config.
    "grpc.service_config_disable_resolution": 1,
    "grpc.max_receive_message_length": defaultLimits.maxMessageBytes,
    "grpc.max_send_message_length": defaultLimits.maxMessageBytes,
    // A connection that leads nowhere is noticed within half a minute, also if no call is using it.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.dns_min_time_between_resolutions_ms": 5_000,
    // Channels with the same target would else share one connection.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    // Services talk to each other directly; a proxy of the environment is for the outside.
    "grpc.enable_http_proxy": 0,
    ...(tls?.serverName !== undefined && {
      "grpc.ssl_target_name_override": tls.serverName,
      "grpc.default_authority": tls.serverName,
    }),
  };
  const clients = channelTargets(options.address).flatMap((target) =>
    Array.from({ length: channels }, () => new Client(target, channelCredentials(tls), channelOptions)),
  );

  let turn = 0;
  return {
    next() {
      for (let tried = 1; tried < clients.length; tried += 1) {
        turn = (turn + 1) % clients.length;
        const client = clients[turn];
        if (client?.getChannel().getConnectivityState(false) !== connectivityState.TRANSIENT_FAILURE) {
          break;
        }
      }
      return clients[turn] as Client;
    },
    close() {
      for (const client of clients) {
        client.close();
      }
    },
  };
}

function channelCredentials(tls: ClientTls | undefined) {
  if (tls === undefined) {
    return credentials.createInsecure();
  }
  return credentials.createSsl(bufferOf(tls.authority), bufferOf(tls.key), bufferOf(tls.certificate));
}

function bufferOf(text: string | Buffer | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}
