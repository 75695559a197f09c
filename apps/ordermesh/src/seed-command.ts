import { Code, ConnectError } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import { type Command, InvalidArgumentError } from "commander";
import { loadCatalogue } from "./catalogue.ts";
import { type MeshAddresses, type MeshClients, openClients } from "./clients.ts";
import { ownCredentials } from "./credentials.ts";
import { readInstallation } from "./installation-config.ts";
import { type SeedResult, seedCatalogue, seedDemo } from "./seed.ts";
import { type LocationSeedResult, seedLocations } from "./seed-locations.ts";

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
            ? await seedAll(clients, addresses, onProgress)
            : await seedCatalogue({
                clients,
                catalogue: loadCatalogue(skus),
                name: `load:${skus}`,
                onProgress,
              });
        process.stdout.write(`${json ? JSON.stringify(result) : textOf(result)}\n`);
      } finally {
        clients.close();
      }
    });
}

/** Locations belong to the demo users, so a mesh without those gets none. */
async function seedAll(
  clients: MeshClients,
  addresses: MeshAddresses,
  onProgress: (text: string) => void,
): Promise<SeedResult & Partial<LocationSeedResult>> {
  const catalogue = await seedDemo(clients, onProgress);
  try {
    return { ...catalogue, ...(await seedLocations(clients, addresses, onProgress)) };
  } catch (error) {
    if (error instanceof Failure && error.reason === "NO_DEMO_USER") {
      onProgress("no locations were added, because there are no demo users to own them");
      return catalogue;
    }
    if (ConnectError.from(error).code === Code.Unavailable) {
      onProgress(`no locations were added, because ${addresses.tables} is not reachable`);
      return catalogue;
    }
    throw error;
  }
}

function textOf(result: SeedResult & Partial<LocationSeedResult>): string {
  const { productsAdded, stockLevelsFilled, locationsAdded, menuItemsAdded } = result;
  const locations =
    locationsAdded === undefined
      ? ""
      : `, ${locationsAdded} locations and ${menuItemsAdded} menu items added`;
  return `${productsAdded} products added, ${stockLevelsFilled} stock levels filled${locations}`;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > skusMax) {
    throw new InvalidArgumentError(`It must be an integer from 1 to ${skusMax}.`);
  }
  return count;
}
