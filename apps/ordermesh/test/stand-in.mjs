// A small program that stands in for a service or a broker: it answers /readyz and tells what it was given.
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";

/**
 * @param {{ name: string, portVariable: string, logFile: string, behavior?: "stubborn" | "never-ready" | "broken" }} options
 */
export function standIn({ name, portVariable, logFile, behavior }) {
  const note = (text) => appendFileSync(logFile, `${text} ${name} ${process.pid}\n`);
  if (behavior === "broken") {
    process.stderr.write(`${name} is missing its left shoe\n`);
    process.exit(7);
  }
  const server = createServer((request, response) => {
    if (request.url === "/environment") {
      response.end(JSON.stringify(process.env));
    } else if (request.url === "/crash") {
      throw new Error(`${name} was told to crash`);
    } else {
      response.writeHead(behavior === "never-ready" ? 503 : 200).end("not ready: its database is away");
    }
  });
  process.on("SIGINT", () => note("interrupted"));
  process.on("SIGTERM", () => {
    note("asked");
    if (behavior !== "stubborn") {
      note("stopped");
      process.exit(0);
    }
  });
  server.listen(Number(process.env[portVariable]), process.env[portVariable.replace("PORT", "HOST")], () => {
    note("started");
    process.stdout.write(`${JSON.stringify({ level: "info", service: name, msg: "it listens" })}\n`);
  });
}
