/**
 * Reads one metric of a service.
 *
 * @param labels as they are written in the sample, such as `rpc_method="GetOrder"`; all samples if absent.
 * @returns the sum of the samples that have the label; 0 if there is none.
 */
export async function readMetric(port: number, name: string, label = ""): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    signal: AbortSignal.timeout(5_000),
    headers: { connection: "close" },
  });
  const samples = (await response.text())
    .split("\n")
    .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(label));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
