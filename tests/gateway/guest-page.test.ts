import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "./http.ts";
import { type OpenTable, openTable, startTablesMesh, type TablesMesh } from "./tables-mesh.ts";

let mesh: TablesMesh;
let table: OpenTable;

beforeAll(async () => {
  mesh = await startTablesMesh();
  table = await openTable(mesh);
});

afterAll(() => mesh?.stop());

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const protections = {
  "cache-control": "no-store",
  "content-security-policy": policy,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

test("the link of a QR code leads to a page whose files are all there, under a policy without inline", async () => {
  const { link } = await mesh
    .client(TablesService, table.staffToken)
    .renderQr({ sessionId: table.sessionId });
  const { pathname } = new URL(link);
  expect(pathname).toBe(`/t/${table.code}`);
  const page = await send("GET", `${mesh.url}${pathname}`);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(Object.fromEntries(page.headers)).toMatchObject(protections);
  expect(page.text).not.toMatch(/<style|<script(?![^>]* src=)|\s(style|on\w+)=|javascript:/i);

  const names = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = ""]) => name);
  const files = await Promise.all(
    names.map(async (name) => await send("GET", new URL(name, `${mesh.url}${pathname}`).href)),
  );
  expect(files.map(({ status, headers }) => [status, headers.get("content-type")])).toEqual([
    [200, "text/css; charset=utf-8"],
    [200, "text/javascript; charset=utf-8"],
  ]);
  for (const { headers, text } of files) {
    expect(Object.fromEntries(headers)).toMatchObject(protections);
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|localStorage|document\.(write|cookie)/);
  }
});

test("it does not tell whether there is a session with a code", async () => {
  const known = await send("GET", `${mesh.url}/t/${table.code}`);
  for (const code of ["ZZZZZZ", "nonsense", "%3Cscript%3E", "guest-page.js"]) {
    const answer = await send("GET", `${mesh.url}/t/${code}`);
    expect([code, answer.status, answer.text]).toEqual([code, 200, known.text]);
    expect(Object.fromEntries(answer.headers)).toMatchObject(protections);
  }
  const head = await send("HEAD", `${mesh.url}/t/${table.code}`);
  expect([head.status, head.text]).toEqual([200, ""]);
});

test("it is only read", async () => {
  for (const path of [`/t/${table.code}`, "/guest-page/guest-page.js", "/guest-page/guest-page.css"]) {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const { status, headers, json } = await send(method, `${mesh.url}${path}`);
      expect([method, path, status, json.reason]).toEqual([method, path, 405, "METHOD_NOT_ALLOWED"]);
      expect(headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    }
  }
});
