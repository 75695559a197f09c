// Preloaded into services by `npm run bench -- --profile`: records what the process does and, when it is stopped, writes it
// to PROFILE_DIRECTORY as a .cpuprofile, which Chrome's DevTools show as a flame graph.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { basename, dirname, join } from "node:path";

// The program is apps/<app>/dist/main.js; other programs are not recorded.
const app = basename(dirname(dirname(process.argv[1] ?? "")));
if (basename(process.argv[1] ?? "") === "main.js") {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: 500 });
  session.post("Profiler.start");
  process.once("exit", () => {
    session.post("Profiler.stop", (error, result) => {
      if (error === null) {
        const file = join(process.env.PROFILE_DIRECTORY ?? ".", `${app}-${process.pid}.cpuprofile`);
        writeFileSync(file, JSON.stringify({ app, ...result.profile }));
      }
    });
  });
}
