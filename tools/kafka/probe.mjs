// Asks a broker in Kafka's own words, without a client, whether it can be used.
import { connect, createServer } from "node:net";

export const host = "127.0.0.1";
const answerTimeoutMs = 2_000;

/** What a broker answers to the heartbeat of a member that it has never heard of. */
const unknownMember = 25;

/**
 * Whether a broker finds coordinators, which it does once it knows of the others. In a new cluster this question makes
 * it create the offsets topic.
 */
export async function findsCoordinator(port) {
  return (await errorCodeOf(port, { key: 10, body: protocolString(group) })) === 0;
}

/**
 * Whether consumer groups work at one of these brokers: that is what comes up last, and some requests of kafkajs do
 * not wait for it. Once a coordinator has loaded its part of the offsets topic, a heartbeat of nobody is unknown to it.
 */
export async function coordinates(ports) {
  const body = Buffer.concat([protocolString(group), Buffer.alloc(4), protocolString("nobody")]);
  const codes = await Promise.all(ports.map((port) => errorCodeOf(port, { key: 12, body })));
  return codes.includes(unknownMember);
}

const group = "ordermesh-probe";

function protocolString(text) {
  return Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
}

/** Sends a request in version 0, without a client id. The responses asked for here begin with their error code. */
function errorCodeOf(port, { key, body }) {
  const header = Buffer.alloc(14);
  header.writeInt32BE(10 + body.length, 0);
  header.writeInt16BE(key, 4);
  header.writeInt16BE(-1, 12);
  return new Promise((settle) => {
    const socket = connect({ host, port });
    const finish = (errorCode) => {
      socket.destroy();
      settle(errorCode);
    };
    socket.setTimeout(answerTimeoutMs, () => finish(undefined));
    socket.once("connect", () => socket.write(Buffer.concat([header, body])));
    socket.once("data", (response) => finish(response.length < 10 ? undefined : response.readInt16BE(8)));
    socket.once("error", () => finish(undefined));
    socket.once("close", () => finish(undefined));
  });
}

/** Ports that nobody listens on now, all different. */
export async function findFreePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((settle, fail) => {
          const server = createServer();
          server.once("error", fail);
          server.listen(0, host, () => settle(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((settle) => server.close(settle))));
  return ports;
}
