import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { readPageFiles } from "@ordermesh/app-gateway/pages/page-files";
import { createPages, noPages, type Pages } from "@ordermesh/app-gateway/pages/serve-pages";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { send } from "./http.ts";
import { type SeatMesh, startSeatMesh } from "./seat-mesh.ts";

const html = `<!doctype html><title>Ordermesh</title>${"<!-- a page -->".repeat(100)}`;
const script = `export const answer = 42; ${"// a script\n".repeat(200)}`;
const asPage = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

/** Serves nothing but pages, at "/v1/known" also what a route would. */
async function serve(pages: Pages): Promise<{ readonly url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    void pages.serve(request, response, path, path === "/v1/known").then((served) => {
      if (!served) {
        response.writeHead(404).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("a folder of pages", () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof serve>>;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ordermesh-pages-"));
    await mkdir(join(folder, "assets"));
    await writeFile(join(folder, "index.html"), html);
    await writeFile(join(folder, "favicon.svg"), "<svg/>");
    await writeFile(join(folder, "assets", "main-B1a2c3d4.js"), script);
    await writeFile(join(folder, "notes.secret"), "not for anybody");
    server = await serve(createPages((await readPageFiles(folder))!));
    url = server.url;
  });

  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  test("the start page is asked for anew each time, files with a hash never again", async () => {
    const start = await send("GET", `${url}/`, { headers: asPage });
    expect(start).toMatchObject({ status: 200, text: html });
    expect(start.headers.get("cache-control")).toBe("no-cache");
    expect(start.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const again = await send("GET", `${url}/`, {
      headers: { ...asPage, "if-none-match": start.headers.get("etag") ?? "" },
    });
    expect(again).toMatchObject({ status: 304, text: "" });
    const asset = await send("GET", `${url}/assets/main-B1a2c3d4.js`);
    expect(asset.text).toBe(script);
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(asset.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect((await send("GET", `${url}/favicon.svg`)).headers.get("cache-control")).toBe("no-cache");
    const head = await send("HEAD", `${url}/assets/main-B1a2c3d4.js`);
    expect(head).toMatchObject({ status: 200, text: "" });
  });

  test.each([
    ["br", brotliDecompressSync],
    ["gzip", gunzipSync],
  ] as const)("%s is sent to who takes it, and is smaller", async (encoding, decompress) => {
    const body = await new Promise<{ bytes: Buffer; used: string | undefined }>((resolve, reject) => {
      import("node:http").then(({ get }) =>
        get(`${url}/assets/main-B1a2c3d4.js`, { headers: { "accept-encoding": encoding } }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({ bytes: Buffer.concat(chunks), used: response.headers["content-encoding"] }),
          );
        }).on("error", reject),
      );
    });
    expect(body.used).toBe(encoding);
    expect(body.bytes.length).toBeLessThan(script.length / 4);
    expect(decompress(body.bytes).toString()).toBe(script);
  });

  test("what pages may do is bounded, and nobody may frame them", async () => {
    const { headers } = await send("GET", `${url}/desk/orders`, { headers: asPage });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain("unsafe");
  });

  test.each([
    "/",
    "/p/42",
    "/desk/orders?status=PAID",
    "/orders/17/refund",
    "/t/K7M4QX",
    "/t/nonsense",
    "/t/%3Cscript%3E",
    "/api",
    "/sign-in?next=/ops",
  ])("%s is a page", async (path) => {
    expect((await send("GET", `${url}${path}`, { headers: asPage })).text).toBe(html);
  });

  test.each([
    "/v1/nowhere",
    "/v1/known",
    "/api/nowhere",
    "/auth/seat/nothing",
    "/documentation/nothing",
    "/assets/gone-B1a2c3d4.js",
    "/ordermesh.loms.v1.LomsService/Nothing",
    "/robots.txt",
    "/notes.secret",
    "/..%2f..%2fetc%2fpasswd",
    "/assets/",
  ])("%s is none", async (path) => {
    expect((await send("GET", `${url}${path}`, { headers: asPage })).status).toBe(404);
  });

  test("pages are only read", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const answer = await send(method, `${url}/t/K7M4QX`, { headers: asPage });
      expect([method, answer.status]).toEqual([method, 404]);
    }
    expect(await send("HEAD", `${url}/t/K7M4QX`, { headers: asPage })).toMatchObject({
      status: 200,
      text: "",
    });
  });

  test("a program that asks for something that is not there gets no page", async () => {
    expect((await send("GET", `${url}/nowhere`, { headers: { accept: "application/json" } })).status).toBe(
      404,
    );
    expect((await send("POST", `${url}/nowhere`, { headers: asPage })).status).toBe(404);
  });

  test("the start is the shop, whatever somebody takes", async () => {
    for (const accept of ["*/*", "application/json", ""]) {
      expect(await send("GET", `${url}/`, { headers: { accept } })).toMatchObject({
        status: 200,
        text: html,
      });
    }
    expect((await send("POST", `${url}/`)).status).toBe(404);
  });

  test("without a build there are no pages, and a browser is told what to do", async () => {
    expect(await readPageFiles(join(folder, "nowhere"))).toBeUndefined();
    const unbuilt = await serve(noPages);
    try {
      for (const path of ["/", "/desk/orders", "/sign-in"]) {
        const answer = await send("GET", `${unbuilt.url}${path}`, { headers: asPage });
        expect(answer, path).toMatchObject({ status: 404, text: expect.stringContaining("npm run build") });
        expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      }
      expect((await send("GET", `${unbuilt.url}/`)).text).toContain("/documentation");
      // What programs call is not for it to answer.
      for (const path of ["/v1/known", "/v1/nowhere", "/assets/gone.js", "/favicon.svg"]) {
        expect((await send("GET", `${unbuilt.url}${path}`, { headers: asPage })).text, path).toBe("");
      }
      expect((await send("GET", `${unbuilt.url}/desk/orders`)).text).toBe("");
    } finally {
      unbuilt.close();
    }
  });
});

describe("the gateway", () => {
  let mesh: SeatMesh;
  beforeAll(async () => {
    mesh = await startSeatMesh();
  });
  afterAll(() => mesh?.stop());

  test("tells the pages what they must know, and demo users only where there are some", async () => {
    const plain = await send("GET", `${mesh.url}/app-config.json`);
    expect(plain.json).toMatchObject({
      publicUrl: "http://127.0.0.1:8080",
      publicUrlIsLoopback: true,
      demoUsers: [],
      demoPassword: null,
    });
    expect(plain.json).not.toHaveProperty("traceUrl");
    expect(plain.headers.get("cache-control")).toBe("no-cache");
    const demo = await mesh.startGateway({
      PUBLIC_URL: "https://shop.example.com/",
      TRACE_URL: "https://traces.example.com/trace/{traceId}",
      GATEWAY_DEMO_USERS: "buyer:buyer,buyer2:buyer,seller",
      GATEWAY_DEMO_PASSWORD: "known to all",
    });
    try {
      const { json } = await send("GET", `${demo.url}/app-config.json`);
      expect(json).toEqual({
        publicUrl: "https://shop.example.com",
        publicUrlIsLoopback: false,
        traceUrl: "https://traces.example.com/trace/{traceId}",
        demoUsers: [
          { username: "buyer", role: "buyer" },
          { username: "buyer2", role: "buyer" },
          { username: "seller", role: "seller" },
        ],
        demoPassword: "known to all",
        version: expect.any(String),
      });
    } finally {
      await demo.stop();
    }
  });

  test.each([
    "https://traces.example.com/trace/",
    "javascript:alert('{traceId}')",
    "//traces.example.com/{traceId}",
    "https://me:secret@traces.example.com/{traceId}",
    "{traceId}",
  ])("does not start with traces at %s", async (traceUrl) => {
    await expect(mesh.startGateway({ TRACE_URL: traceUrl })).rejects.toThrow(/TRACE_URL must be an address/);
  });

  test("what was there before the pages is there still, also for a browser", async () => {
    for (const [path, type] of [
      ["/documentation", "text/html"],
      ["/documentation/start.js", "text/javascript"],
      ["/openapi.json", "application/json"],
      ["/asyncapi.json", "application/json"],
      ["/app-config.json", "application/json"],
      ["/readyz", "text/plain"],
    ] as const) {
      const answer = await send("GET", `${mesh.url}${path}`, { headers: asPage });
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get("content-type"), path).toContain(type);
    }
    expect((await send("GET", `${mesh.url}/documentation`, { headers: asPage })).text).toContain(
      "swagger-ui",
    );
  });

  test("paths of programs answer programs, also when a browser asks", async () => {
    for (const path of ["/v1/nowhere", "/api/nowhere", "/auth/seat/nothing"]) {
      const answer = await send("GET", `${mesh.url}${path}`, { headers: asPage });
      expect(answer, path).toMatchObject({ status: 404, json: { reason: "ROUTE_NOT_FOUND" } });
    }
    expect((await send("GET", `${mesh.url}/auth/seat/login`, { headers: asPage })).status).toBe(405);
    expect((await openBrowser(mesh.url).post("/nowhere")).status).toBe(404);
  });
});
