import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it was sent, lines ending in CRLF. */
  readonly raw: string;
  /** Decoded header lines by their lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** Decoded. */
  readonly text: string;
}

/** A mail server that keeps what it gets, and refuses as a test wants. */
export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** Asked for each recipient: the code to refuse it with, or undefined to take it. */
  refuse: (address: string) => number | undefined;
  close(): Promise<void>;
}

export async function startMailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    authOptional: true,
    onAuth(auth, _session, done) {
      if (auth.password === "right") {
        done(null, { user: auth.username });
      } else {
        done(new Error(`no such password: ${auth.password}`));
      }
    },
    onRcptTo(address, _session, done) {
      const code = mailServer.refuse(address.address);
      done(code === undefined ? null : Object.assign(new Error("refused"), { responseCode: code }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        mails.push({ from, to, ...parse(Buffer.concat(chunks).toString("latin1")) });
        done();
      });
    },
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const mailServer: MailServer = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    refuse: () => undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mailServer;
}

function parse(raw: string): Pick<ReceivedMail, "raw" | "headers" | "text"> {
  const end = raw.indexOf("\r\n\r\n");
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  const body = raw.slice(end + 4);
  const bytes =
    headers.get("content-transfer-encoding") === "base64"
      ? Buffer.from(body, "base64")
      : Buffer.from(
          body
            .replace(/=\r\n/g, "")
            .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          "latin1",
        );
  return { raw, headers, text: bytes.toString("utf8").replaceAll("\r\n", "\n").trimEnd() };
}
