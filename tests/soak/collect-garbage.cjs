// Loaded into the services of the soak before their own code: SIGUSR2 collects their garbage. What a process holds
// between two collections depends on when V8 finds time for them, by a fifth and more within minutes; what is left after
// one does not.
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
process.on("SIGUSR2", () => collectGarbage());
