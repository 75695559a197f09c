import { useMutation } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { type Timer, type Workflow, WorkflowCause } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useId } from "react";
import { deskActionText } from "../desk-words.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Countdown, Time } from "../ui/time.tsx";
import { useOnce } from "../ui/use-once.ts";
import { roleText } from "../words.ts";
import {
  type BoxAction,
  type BoxRole,
  isDestructive,
  type RefusedAction,
  type RoleBox,
  roleBox,
  slugOf,
} from "./role-boxes.ts";
import { type DeskOrder, useDeskReader } from "./use-desk-order.ts";
import "./role-boxes.css";

interface RoleBoxesProps {
  readonly order: Order;
  readonly workflow: Workflow;
  readonly parts: DeskOrder;
}

const boxRoles: readonly BoxRole[] = ["S", "P", "B"];

/** Who may do what now, and why not the rest. */
export function RoleBoxes({ order, workflow, parts }: RoleBoxesProps) {
  return (
    <Loaded query={parts.actions} what="What can be done">
      {(allowed) => (
        <div className="role-boxes">
          {boxRoles.map((role) => (
            <Box
              key={role}
              box={roleBox(role, order, workflow, allowed)}
              order={order}
              timers={parts.timers.data?.timers ?? []}
              isPlatform={parts.isPlatform}
            />
          ))}
        </div>
      )}
    </Loaded>
  );
}

interface BoxProps {
  readonly box: RoleBox;
  readonly order: Order;
  readonly timers: readonly Timer[];
  readonly isPlatform: boolean;
}

function Box({ box, order, timers, isPlatform }: BoxProps) {
  const { role, isKnown, refused } = box;
  // The platform sees the timers themselves.
  const possible = box.possible.filter(({ cause }) => !(isPlatform && cause === WorkflowCause.TIME));
  const skus = [...new Set(possible.map(({ itemSku }) => itemSku))].sort((a, b) => a - b);
  const name = roleText[role] ?? role;
  const running = timers.filter(({ live }) => live);
  const shownTimers = role === "P" && isPlatform ? running : [];
  return (
    <section className={`role-box${isKnown ? "" : " role-box-view"}`} aria-label={name}>
      <h2>
        {name}
        {isKnown ? null : <span className="quiet role-box-only"> view only</span>}
      </h2>
      {skus.map((sku) => (
        <div key={sku} className="role-box-item">
          {sku === 0 ? null : <p className="quiet">{itemName(order, sku)}</p>}
          <ul className="role-box-actions">
            {possible
              .filter(({ itemSku }) => itemSku === sku)
              .map((action) => (
                <li key={action.action}>
                  <PossibleAction action={action} box={box} order={order} />
                </li>
              ))}
          </ul>
        </div>
      ))}
      {shownTimers.length === 0 ? null : (
        <ul className="role-box-actions">
          {shownTimers.map((timer) => (
            <li key={`${timer.timer} ${timer.itemSku}`}>
              <TimedAction timer={timer} />
            </li>
          ))}
        </ul>
      )}
      {possible.length === 0 && shownTimers.length === 0 ? (
        <p className="quiet">{noneText(order, box)}</p>
      ) : null}
      {refused.length === 0 ? null : <RefusedActions box={box} order={order} isPlatform={isPlatform} />}
    </section>
  );
}

function noneText({ workflow }: Order, { role }: RoleBox): string {
  return workflow === "table" && role !== "P"
    ? "At tables guests and staff act: see Places."
    : "Nothing to do now.";
}

function itemName({ lines }: Order, sku: number): string {
  const name = lines.find((line) => line.sku === sku)?.name ?? "";
  return name === "" ? String(sku) : `${sku} ${name}`;
}

function PossibleAction({
  action,
  box,
  order,
}: {
  readonly action: BoxAction;
  readonly box: RoleBox;
  readonly order: Order;
}) {
  const text = deskActionText(action.action);
  const isTimed = action.cause === WorkflowCause.TIME;
  if (isTimed || !box.isKnown) {
    return (
      <span className={`role-box-note${isTimed ? " button-timed" : ""}`}>
        {isTimed ? <Glyph name="clock" /> : null}
        {text}
        {isTimed ? <span className="quiet"> by the clock</span> : null}
      </span>
    );
  }
  const isInput = action.cause === WorkflowCause.INPUT;
  const kind = isInput ? "input" : isDestructive(action.action) ? "danger" : "plain";
  return (
    <>
      <Link href={hrefOf("act", order.orderId, box.role, action)} button={kind}>
        {isInput ? <Glyph name="plug" /> : null}
        {text}
      </Link>
      {isInput ? <span className="quiet"> from outside</span> : null}
    </>
  );
}

function hrefOf(
  what: "act" | "explain",
  orderId: bigint,
  role: BoxRole,
  { action, itemSku }: Pick<BoxAction, "action" | "itemSku">,
): string {
  const item = itemSku === 0 ? "" : `&item=${itemSku}`;
  return `/desk/orders/${orderId}/${what}/${slugOf(action)}?role=${role}${item}`;
}

/** What the clock does: not to be pressed, but the platform may have it happen now. */
function TimedAction({ timer }: { readonly timer: Timer }) {
  const read = useDeskReader();
  const run = useMutation(LomsService.method.runTimerNow, { onSuccess: read });
  const once = useOnce();
  const { orderId, itemSku, dueTime, action } = timer;
  const isStill = dueTime === undefined;
  return (
    <div className="role-box-timed">
      <span className="role-box-note button-timed">
        <Glyph name="clock" />
        {deskActionText(action)}
        {itemSku === 0 ? "" : ` ${itemSku}`}
      </span>
      <span className="role-box-due">
        <span className="quiet">
          {isStill ? (
            "stands still"
          ) : (
            <>
              runs <Time value={dueTime} relative={false} />, in <Countdown until={dueTime} over="a moment" />
            </>
          )}
        </span>
        <Button
          kind="quiet"
          isPending={run.isPending}
          pendingText="Running…"
          onPress={() => once(() => run.mutateAsync({ orderId, timer: timer.timer, itemSku }))}
        >
          Run now
        </Button>
      </span>
      {run.error === null ? null : <Failure error={run.error} />}
    </div>
  );
}

function RefusedActions({
  box,
  order,
  isPlatform,
}: {
  readonly box: RoleBox;
  readonly order: Order;
  readonly isPlatform: boolean;
}) {
  const { role, refused, isKnown } = box;
  return (
    <details className="role-box-refused" open={refused.length <= 3}>
      <summary>Not now: {refused.length}</summary>
      <ul>
        {refused.map((action) => (
          <RefusedItem
            key={`${action.action} ${action.itemSku}`}
            action={action}
            href={isKnown || isPlatform ? hrefOf("explain", order.orderId, role, action) : undefined}
          />
        ))}
      </ul>
    </details>
  );
}

function RefusedItem({
  action,
  href,
}: {
  readonly action: RefusedAction;
  readonly href: string | undefined;
}) {
  const id = useId();
  return (
    <li>
      <span id={id}>
        <Glyph name="struck" /> {deskActionText(action.action)}
        {action.itemSku === 0 ? null : <span className="mono"> {action.itemSku}</span>}
        <span className="quiet"> – {action.hint}</span>
      </span>{" "}
      {href === undefined ? null : (
        <Link href={href} aria-describedby={id}>
          Explain
        </Link>
      )}
    </li>
  );
}
