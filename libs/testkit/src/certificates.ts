import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** An authority, and a way to have it sign certificates. */
export interface Authority extends Identity {
  /**
   * @param name as in `DNS:loms,IP:127.0.0.1`.
   * @param days how long it is good; a negative number for one that has expired.
   */
  sign(name: string, days?: number): Promise<Identity>;
  close(): Promise<void>;
}

/** Whether certificates can be made here. */
export async function hasOpenssl(): Promise<boolean> {
  return run("openssl", ["version"]).then(
    () => true,
    () => false,
  );
}

/** Makes an authority with certificates that are good for a day. */
export async function createAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), "rpc-certificates-"));
  const file = (name: string) => join(folder, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run("openssl", [
    ...["req", "-x509", ...newKey, "-days", "1", "-subj", "/CN=Test authority"],
    ...["-keyout", file("ca.key"), "-out", file("ca.pem")],
  ]);
  let count = 0;
  return {
    certificate: await readFile(file("ca.pem"), "utf8"),
    key: await readFile(file("ca.key"), "utf8"),
    async sign(name, days = 1) {
      count += 1;
      const base = file(`leaf${count}`);
      await writeFile(`${base}.ext`, `subjectAltName=${name}\n`);
      await run("openssl", [
        ...["req", ...newKey, "-subj", "/CN=Test", "-keyout", `${base}.key`, "-out", `${base}.csr`],
      ]);
      await run("openssl", [
        ...[
          "x509",
          "-req",
          "-in",
          `${base}.csr`,
          "-CA",
          file("ca.pem"),
          "-CAkey",
          file("ca.key"),
          "-CAcreateserial",
        ],
        ...["-days", `${days}`, "-extfile", `${base}.ext`, "-out", `${base}.pem`],
      ]);
      return {
        certificate: await readFile(`${base}.pem`, "utf8"),
        key: await readFile(`${base}.key`, "utf8"),
      };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
