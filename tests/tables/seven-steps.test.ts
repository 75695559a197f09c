import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TableAction, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { asBrowser } from "../gateway/socket-client.ts";
import { type OpenTable, openTable, startTablesMesh, type TablesMesh } from "../gateway/tables-mesh.ts";
import { openGrpcClient } from "../harness/grpc-client.ts";
import {
  type PersistentWatcher,
  watchByStream,
  watchByWebSocket,
  watchPersistently,
} from "../harness/session-watchers.ts";
import { expectVerifyClean } from "../harness/verify-clean.ts";

/*
 * The seven steps by which ordered-online's README says how a table is served, with the staff and three guests who watch
 * in different ways: all of them see the same history, to its end.
 */

let mesh: TablesMesh;
let table: OpenTable;

beforeAll(async () => {
  mesh = await startTablesMesh();
});

afterAll(() => mesh?.stop());

test("from opening the table to closing it, everybody sees the same", async () => {
  const stopping = new AbortController();

  // 1, 2: The staff open a session, which has a code from then on, and watch it.
  table = await openTable(mesh);
  const { sessionId, locationId, staff, code } = table;
  const panel = staff.watchLocation({ locationId })[Symbol.asyncIterator]();
  expect((await panel.next()).value?.update.case).toBe("checkpoint");
  const watchers: Record<string, PersistentWatcher> = {
    staff: watchPersistently(watchByStream(staff, sessionId), stopping.signal),
  };

  // 3: They show the QR code.
  const invitation = await staff.renderQr({ sessionId });
  expect(invitation.svg).toContain("<svg");
  expect(Buffer.from(invitation.png).subarray(1, 4).toString()).toBe("PNG");

  // 4: Guests scan it, and are connected: over gRPC, over Connect, over WebSocket.
  const anybody = mesh.client(TablesService);
  const guests = await Promise.all(
    ["Ada", "Bob", "Cyd"].map(async (nickname) => {
      const by = { case: "link", value: invitation.link } as const;
      const { guestToken, guest } = await anybody.joinSession({ invitation: by, nickname });
      return { token: guestToken, guestId: guest?.guestId ?? 0n };
    }),
  );
  const [ada, bob, cyd] = guests as [(typeof guests)[0], (typeof guests)[0], (typeof guests)[0]];
  const grpc = await openGrpcClient(TablesService, mesh.tablesAddress, { token: ada.token });
  const web = mesh.client(TablesService, bob.token);
  const socketAddress = `ws://${mesh.host}/ws/session/${code}`;
  watchers.ada = watchPersistently(
    watchByStream(grpc.client, sessionId, Number.POSITIVE_INFINITY),
    stopping.signal,
  );
  watchers.bob = watchPersistently(watchByStream(web, sessionId), stopping.signal);
  watchers.cyd = watchPersistently(watchByWebSocket(socketAddress, asBrowser(cyd.token)), stopping.signal);
  const everybody = Object.values(watchers);
  await eventually(() =>
    expect(everybody.map((watcher) => watcher.isConnected())).toEqual([true, true, true, true]),
  );

  // 5: They order, and everybody is told.
  const [first, second, third] = [
    await table.order(ada.token, "no sugar"),
    await table.order(bob.token),
    await table.order(cyd.token),
  ];
  const { value: news } = await panel.next();
  expect(news?.update.case).toBe("change");
  await eventually(() => {
    for (const watcher of everybody) {
      const seen = [...watcher.told.values()].join("\n");
      for (const orderId of [first, second, third]) {
        expect(seen).toContain(`"orderId":"${orderId}"`);
      }
    }
  });

  // 6: The staff see all orders of the session, and the kitchen what it has to do.
  const { session } = await staff.getSession({ sessionId });
  expect(session?.orders.map(({ orderId, guestId }) => [orderId, guestId])).toEqual([
    [first, ada.guestId],
    [second, bob.guestId],
    [third, cyd.guestId],
  ]);
  expect(session?.total?.amountMinor).toBe(750n);
  const { orders: queue } = await staff.listKitchenQueue({ locationId });
  expect(queue.map(({ guestNickname, order }) => [guestNickname, order?.lines[0]?.note])).toEqual([
    ["Ada", "no sugar"],
    ["Bob", ""],
    ["Cyd", ""],
  ]);
  await web.actOnOrder({ sessionId, orderId: second, action: TableAction.CANCEL });
  for (const orderId of [first, third]) {
    for (const action of [TableAction.ACCEPT, TableAction.PREPARE, TableAction.SERVE]) {
      await staff.actOnOrder({ sessionId, orderId, action });
    }
  }

  // 7: They close it; everybody is told, and every stream ends.
  const closed = await staff.closeSession({ sessionId });
  expect(closed.session?.state).toBe(SessionState.CLOSED);
  await Promise.all(everybody.map(({ ended }) => ended));
  const last = closed.session?.version ?? 0;
  const history = everybody[0]?.told ?? new Map<number, string>();
  for (const [who, watcher] of Object.entries(watchers)) {
    const start = watcher.versions[0] ?? 0;
    expect(watcher.versions, who).toEqual(
      Array.from({ length: last - start + 1 }, (_, index) => start + index),
    );
    // The first message is the whole session; the rest are the same changes for all.
    for (const version of watcher.versions.slice(1)) {
      expect(watcher.told.get(version), `${who}, version ${version}`).toBe(history.get(version));
    }
    expect(watcher.breaks(), who).toBe(0);
  }
  await expect(grpc.client.getSession({ sessionId })).rejects.toThrow("unauthenticated");
  expect(await web.getSession({ sessionId }).catch(() => "refused")).toBe("refused");
  const after = await staff.getSession({ sessionId });
  expect(after.session?.orders.map(({ status }) => status)).toEqual([
    OrderStatus.SERVED,
    OrderStatus.CANCELED,
    OrderStatus.SERVED,
  ]);

  stopping.abort();
  await panel.return?.();
  grpc.close();
  const examined = await expectVerifyClean({
    lomsDatabaseUrl: mesh.databaseUrls.get("loms") ?? "",
    paymentsDatabaseUrl: mesh.databaseUrls.get("payments") ?? "",
    tablesDatabaseUrl: mesh.databaseUrls.get("tables") ?? "",
    tablesSettleSeconds: 0,
    paymentsSettleSeconds: 0,
    kafkaBrokers: mesh.kafkaBrokers,
  });
  const sessions = Object.entries(examined).filter(([claim]) => /session/i.test(claim));
  expect(sessions.length).toBeGreaterThan(0);
  expect(sessions.map(([claim, count]) => [claim, count > 0])).toEqual(
    sessions.map(([claim]) => [claim, true]),
  );
});

test("the same streams come over gRPC-Web", async () => {
  const own = await openTable(mesh, 1002);
  const token = await own.join("Ada");
  const transport = createGrpcWebTransport({
    baseUrl: mesh.url,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  const stopping = new AbortController();
  const web = createClient(TablesService, transport);
  const watcher = watchPersistently(watchByStream(web, own.sessionId), stopping.signal);
  await eventually(() => expect(watcher.isConnected()).toBe(true));
  await own.order(token);
  await eventually(() => expect(watcher.versions).toHaveLength(2));
  stopping.abort();
  await watcher.ended;
});
