import { join } from "node:path";
import { prepareBroker } from "./broker.mjs";
import { checkJava, resolveJars } from "./jars.mjs";
import { coordinates, findFreePorts, findsCoordinator, host } from "./probe.mjs";

/**
 * Starts a cluster of Apache Kafka in KRaft mode and waits until it answers. With three brokers or more, topics have
 * three copies unless their creator says otherwise, and a write waits for two of them.
 *
 * @param {{ brokerCount: number, directory: string, signal?: AbortSignal }} options where data and logs go, and what
 *   ends the waiting early
 * @throws ToolMissing when there is no Java or no Maven
 */
export async function startApacheKafkaCluster({ brokerCount, directory, signal }) {
  checkJava();
  const classPath = join(resolveJars(), "*");
  const allPorts = await findFreePorts(2 * brokerCount);
  const ports = allPorts.slice(0, brokerCount);
  const controllerPorts = allPorts.slice(brokerCount);
  const voters = controllerPorts.map((port, index) => `${index + 1}@${host}:${port}`).join(",");
  const brokers = await Promise.all(
    ports.map((port, index) =>
      prepareBroker({
        id: index + 1,
        port,
        controllerPort: controllerPorts[index],
        voters,
        brokerCount,
        directory: join(directory, `broker-${index + 1}`),
        classPath,
        signal,
      }),
    ),
  );
  // A clean stop hands over to others and waits for them, and here nobody is left: it took three brokers 5 s.
  const stop = async () => {
    await Promise.all(brokers.map((broker) => broker.kill()));
  };

  try {
    for (const broker of brokers) {
      broker.launch();
    }
    await Promise.all(
      brokers.map((broker, index) => broker.untilReady(() => findsCoordinator(ports[index]))),
    );
    await brokers[0].untilReady(() => coordinates(ports));
  } catch (error) {
    await stop();
    throw error;
  }
  return { addresses: brokers.map(({ address }) => address), brokers, stop };
}
