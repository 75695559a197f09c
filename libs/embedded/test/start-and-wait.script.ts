import { startEmbeddedPostgres } from "@ordermesh/embedded/embedded-postgres";

/** Starts a server and then does nothing, so that a test may kill it. Prints the server's port. */
const [dataDirectory = "", runDirectory = ""] = process.argv.slice(2);
process.on("SIGINT", () => {});
setInterval(() => {}, 1_000);
void startEmbeddedPostgres({ dataDirectory, runDirectory, port: 0, settings: { fsync: "off" } }).then(
  ({ port }) => {
    process.stdout.write(`${port}\n`);
  },
);
