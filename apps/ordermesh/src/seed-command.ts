import { type Command, InvalidArgumentError } from "commander";
import { loadCatalogue } from "./catalogue.ts";
import { openClients } from "./clients.ts";
import { ownCredentials } from "./credentials.ts";
import { readInstallation } from "./installation-config.ts";
import { seedCatalogue, seedDemo } from "./seed.ts";

const skusMax = 1_000_000;

export function addSeedCommand(program: Command): void {
  program
    .command("seed")
    .description("Put products and stock into a running mesh. Repeating it changes nothing.")
    .option(
      "--skus <count>",
      "generate this many SKUs with plenty of stock, for load; without it the demo catalogue",
      countOf,
    )
    .option("--json", "print one JSON document instead of lines")
    .action(async ({ skus, json }: { skus?: number; json?: boolean }) => {
      const { addresses, serviceKey } = readInstallation();
      const clients = await openClients(addresses, await ownCredentials(serviceKey));
      try {
        const onProgress = (text: string) => (json ? undefined : process.stdout.write(`${text}\n`));
        const result =
          skus === undefined
            ? await seedDemo(clients, onProgress)
            : await seedCatalogue({
                clients,
                catalogue: loadCatalogue(skus),
                name: `load:${skus}`,
                onProgress,
              });
        const text = `${result.productsAdded} products added, ${result.stockLevelsFilled} stock levels filled`;
        process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
      } finally {
        clients.close();
      }
    });
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > skusMax) {
    throw new InvalidArgumentError(`It must be an integer from 1 to ${skusMax}.`);
  }
  return count;
}
