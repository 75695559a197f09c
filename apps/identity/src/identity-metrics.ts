import { Counter, type Registry } from "prom-client";

export type LoginOutcome = "ok" | "wrong" | "limited" | "failed";

export interface IdentityMetrics {
  login(outcome: LoginOutcome): void;
  /** A refresh token came twice. */
  reused(): void;
}

export function createIdentityMetrics(metrics: Registry): IdentityMetrics {
  const logins = new Counter({
    name: "ordermesh_identity_logins_total",
    help: "Tries to log in, by what came of them.",
    labelNames: ["outcome"] as const,
    registers: [metrics],
  });
  const reused = new Counter({
    name: "ordermesh_identity_refresh_tokens_reused_total",
    help: "Refresh tokens that came a second time, each of which ended its session.",
    registers: [metrics],
  });
  return { login: (outcome) => logins.inc({ outcome }), reused: () => reused.inc() };
}
