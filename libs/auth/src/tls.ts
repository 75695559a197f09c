import { readFile } from "node:fs/promises";
import type { ConfigReader } from "@ordermesh/config/config";
import { Failure } from "@ordermesh/failure/failure";
import type { ClientTls } from "@ordermesh/rpc/client-channels";
import type { ServerTls } from "@ordermesh/rpc/port";

export interface TlsConfig {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Who signed the certificates of the other services. Undefined: the authorities that the system knows. */
  readonly authorityFile: string | undefined;
  /** Whether a client has to show a certificate that this authority signed. */
  readonly requireClientCertificate: boolean;
}

/** Connections between services, encrypted, with certificates on both sides. */
export interface Tls {
  readonly server: ServerTls;
  /** For calls to the service of that name: its certificate has to be for that name, wherever it runs. */
  client(service: string): ClientTls;
}

/** Reads whether and how connections are encrypted. Undefined: not at all, as inside of one machine or a mesh. */
export function readTlsConfig(read: ConfigReader): TlsConfig | undefined {
  const certificateFile = read.optionalString("TLS_CERT_FILE");
  const keyFile = read.optionalString("TLS_KEY_FILE");
  const authorityFile = read.optionalString("TLS_CA_FILE");
  const requireClientCertificate = read.boolean("TLS_REQUIRE_CLIENT_CERT", authorityFile !== undefined);
  if (certificateFile === undefined && keyFile === undefined && authorityFile === undefined) {
    return undefined;
  }
  if (certificateFile === undefined || keyFile === undefined) {
    read.problem("TLS_CERT_FILE and TLS_KEY_FILE belong together, also where TLS_CA_FILE is given.");
  }
  if (requireClientCertificate && authorityFile === undefined) {
    read.problem("TLS_REQUIRE_CLIENT_CERT needs TLS_CA_FILE: whose certificates to accept.");
  }
  return {
    certificateFile: certificateFile ?? "",
    keyFile: keyFile ?? "",
    authorityFile,
    requireClientCertificate,
  };
}

/** @throws Failure that names the file that can not be read. */
export async function loadTls(config: TlsConfig | undefined): Promise<Tls | undefined> {
  if (config === undefined) {
    return undefined;
  }
  const certificate = await readPem(config.certificateFile);
  const key = await readPem(config.keyFile);
  const authority = config.authorityFile === undefined ? undefined : await readPem(config.authorityFile);
  return {
    server: {
      certificate,
      key,
      ...(config.requireClientCertificate && authority !== undefined && { clientAuthority: authority }),
    },
    client: (service) => ({
      certificate,
      key,
      ...(authority !== undefined && { authority }),
      serverName: service,
    }),
  };
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure("failed_precondition", `The file ${file} can not be read (${code}).`, {
      reason: "TLS_FILE_UNREADABLE",
      cause: error,
    });
  }
}
