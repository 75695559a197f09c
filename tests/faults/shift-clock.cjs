// Loaded into a service before its own code: its clock is off by the first of CLOCK_OFFSETS_MS, and jumps to the next one
// with each SIGUSR2. CLOCK_FILE then says which one it shows. What the process measures with a clock that only goes
// forward stays as it is, as when somebody sets the clock of a machine.
const { writeFileSync } = require("node:fs");

const offsetsMs = process.env.CLOCK_OFFSETS_MS.split(",").map(Number);
const RealDate = Date;
let place = 0;

function now() {
  return RealDate.now() + offsetsMs[place];
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values, newTarget) =>
    Reflect.construct(
      target,
      values.length === 0 ? [now()] : values,
      newTarget === Date ? target : newTarget,
    ),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === "now" ? now : target[name]),
});

function tell() {
  writeFileSync(process.env.CLOCK_FILE, `${offsetsMs[place]} ${new Date().toISOString()}`);
}

process.on("SIGUSR2", () => {
  place = Math.min(place + 1, offsetsMs.length - 1);
  tell();
});
tell();
