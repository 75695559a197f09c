import { randomBytes } from "node:crypto";
import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import { type CaptureState, type Provider, type ProviderCalls, providerOf } from "../provider/provider.ts";
import {
  findBehavior,
  findCapture,
  insertCapture,
  insertEvent,
  insertMethod,
  insertRefund,
  type NewCapture,
  voidCapture,
} from "./ledger.ts";
import { behaviorOf, type CardBehavior } from "./test-cards.ts";

/** A token is good for one visit, not for keeping. */
const tokenLifeMs = 24 * 60 * 60_000;

export interface SandboxOptions {
  /** The sandbox's own connections: nothing that it writes is part of the service's transactions. */
  readonly database: Database;
  /** How long a card that needs time takes. */
  readonly delayMs: number;
  /** Told when there may be something to deliver. */
  readonly onChanged: () => void;
}

/**
 * A payment provider for development, tests and demos. It keeps a ledger, is idempotent by key, tells some of its news
 * over a webhook only, and has bad days on request: see test-cards.ts.
 */
export function createSandboxProvider({ database, delayMs, onChanged }: SandboxOptions): Provider {
  return providerOf({
    async tokenise({ card, userId }) {
      const token = `pm_${randomBytes(18).toString("base64url")}`;
      const behavior = JSON.stringify(behaviorOf(card.number));
      const method = { token, userId, behavior, lifeMs: tokenLifeMs };
      const expiresAt = await database.transaction((tx) => insertMethod(tx, method));
      return { token, expiresAt };
    },

    async capture(request, signal) {
      const { state, behavior } = await database.transaction((tx) => capture(tx, request, delayMs));
      onChanged();
      if (behavior?.kind === "goes_silent") {
        await untilAborted(signal);
        throw new Error("The sandbox went silent, as the card asked for.");
      }
      return state;
    },

    find: ({ key }) => database.read(async (db) => (await findCapture(db, key)) ?? { kind: "unknown" }),

    async void({ key }) {
      const state = await database.transaction((tx) => voidCapture(tx, key));
      if (state.kind === "pending") {
        throw new Error("The sandbox left a capture pending that was to be ended.");
      }
      return state;
    },

    async refund(request) {
      const result = await database.transaction((tx) => insertRefund(tx, request));
      return result === "succeeded" ? { kind: "succeeded" } : { kind: "refused", code: result };
    },
  });
}

/** @returns the card's behavior if this call has made the capture, and undefined if the key had been used. */
async function capture(
  tx: Tx,
  request: ProviderCalls["capture"]["request"],
  delayMs: number,
): Promise<{ readonly state: CaptureState; readonly behavior: CardBehavior | undefined }> {
  const { key, methodToken, userId } = request;
  const behavior: CardBehavior = (await findBehavior(tx, methodToken, userId)) ?? {
    kind: "declines",
    code: "unknown_payment_method",
  };
  if (!(await insertCapture(tx, entryOf(request, behavior, delayMs)))) {
    return { state: (await findCapture(tx, key)) ?? { kind: "voided" }, behavior: undefined };
  }
  if (behavior.kind === "answers_twice") {
    const id = `evt_${randomBytes(16).toString("hex")}`;
    const { amountMinor, currencyCode } = request;
    const body = {
      id,
      type: "capture.succeeded",
      key,
      amount_minor: `${amountMinor}`,
      currency_code: currencyCode,
    };
    insertEvent(tx, id, JSON.stringify(body), 2);
  }
  return { state: (await findCapture(tx, key)) ?? { kind: "voided" }, behavior };
}

function entryOf(
  { key, reference, amountMinor, currencyCode }: ProviderCalls["capture"]["request"],
  behavior: CardBehavior,
  delayMs: number,
): NewCapture {
  const entry = { key, reference, amountMinor, currencyCode };
  switch (behavior.kind) {
    case "declines":
      return { ...entry, state: "declined", declineCode: behavior.code };
    case "takes_time": {
      const { code } = behavior;
      const settlesTo = code === undefined ? "captured" : "declined";
      return { ...entry, state: "pending", declineCode: code ?? "", settlesAfterMs: delayMs, settlesTo };
    }
    case "succeeds":
    case "goes_silent":
    case "answers_twice":
      return { ...entry, state: "captured", declineCode: "" };
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
