// Preloaded into a service (NODE_OPTIONS=--import): records its processor use from SIGUSR2 to the next SIGUSR2 and
// writes it to PROFILE_FILE, for Chrome's DevTools or any other viewer of .cpuprofile files.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";

const session = new Session();
session.connect();
let recording = false;
process.on("SIGUSR2", () => {
  if (!recording) {
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: 200 });
    session.post("Profiler.start");
  } else {
    session.post("Profiler.stop", (error, result) => {
      if (error === null) {
        writeFileSync(process.env.PROFILE_FILE ?? "service.cpuprofile", JSON.stringify(result.profile));
      }
    });
  }
  recording = !recording;
});
