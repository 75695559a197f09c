import type {
  ActionParameters,
  HistoryEntry,
  SkippedTimer,
  Workflow,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { deskActionText } from "../desk-words.ts";
import { formatClock, formatDay, formatDuration, formatMoment, formatMoney, momentOf } from "../format.ts";
import { Link } from "../ui/link.tsx";
import { ToneMark } from "../ui/status-chip.tsx";
import { deskStatus, refundStatus, roleText } from "../words.ts";
import { StepTrace } from "./step-trace.tsx";
import "./order-history.css";

export interface OrderHistoryProps {
  readonly entries: readonly HistoryEntry[];
  readonly skippedTimers: readonly SkippedTimer[];
  readonly workflow: Workflow | undefined;
}

/** A pause shorter than this needs no words. */
const gapMs = 60 * 60_000;

interface Step {
  readonly entry: HistoryEntry;
  readonly before: HistoryEntry | undefined;
  readonly moment: number;
}

/** Every step, the newest first, by day; a long pause is written, not drawn to scale. */
export function OrderHistory({ entries, skippedTimers }: OrderHistoryProps) {
  const steps = entries.map(
    (entry, index): Step => ({ entry, before: entries[index - 1], moment: momentOf(entry.changedTime) ?? 0 }),
  );
  const days = new Map<string, Step[]>();
  for (const step of steps.toReversed()) {
    const day = formatDay(step.moment);
    days.set(day, [...(days.get(day) ?? []), step]);
  }
  return (
    <>
      {[...days].map(([day, ofDay]) => (
        <section key={day} aria-label={day}>
          <h3 className="desk-day-name">{day}</h3>
          <ol className="desk-steps">
            {ofDay.map((step) => (
              <HistoryStep key={step.entry.version} step={step} />
            ))}
          </ol>
        </section>
      ))}
      {skippedTimers.map(({ timer, itemSku, reason, actor, step }) => (
        <p key={`${timer} ${itemSku} ${step}`} className="quiet">
          The timer “{timer.replaceAll("_", " ")}” was taken away by {actor}
          {reason === "" ? "" : `: “${reason}”`}
        </p>
      ))}
    </>
  );
}

function HistoryStep({ step: { entry, before, moment } }: { readonly step: Step }) {
  const tone = entry.refundCode === "" ? deskStatus(entry.status).tone : refundStatus(entry.refundCode).tone;
  const gap = before === undefined ? 0 : moment - (momentOf(before.changedTime) ?? moment);
  return (
    <li className="desk-step">
      <time className="quiet number" dateTime={new Date(moment).toISOString()} title={formatMoment(moment)}>
        {formatClock(moment)}
      </time>
      <ToneMark tone={tone} />
      <details>
        <summary>
          <span>{entry.action === "" ? firstText(entry) : deskActionText(entry.action)}</span>
          {entry.itemSku === 0 ? null : <span className="mono"> {entry.itemSku}</span>}
          <span className="quiet"> {whoText(entry)}</span>
          <span className="mono quiet desk-step-codes">{codesText(entry, before)}</span>
        </summary>
        <StepDetails entry={entry} />
      </details>
      {gap > gapMs ? <p className="desk-gap quiet">after {formatDuration(gap)}</p> : null}
    </li>
  );
}

function firstText({ version }: HistoryEntry): string {
  return version === 1 ? "Created" : "Reserved";
}

function whoText({ role, actor }: HistoryEntry): string {
  if (actor === "timer") {
    return "by the clock";
  }
  if (actor === "workflow") {
    return "follows";
  }
  return role === "" ? "" : (roleText[role] ?? role);
}

/** "WP→FP", or where the item and its refund went. */
function codesText(entry: HistoryEntry, before: HistoryEntry | undefined): string {
  const was = before?.stateCode ?? "";
  const order =
    entry.stateCode === was
      ? ""
      : `${was === "" ? "new" : was}→${entry.stateCode === "" ? "new" : entry.stateCode}`;
  const item = [entry.itemCode, entry.refundCode].filter((code) => code !== "").join("/");
  return [order, item].filter((part) => part !== "").join(" ");
}

function StepDetails({ entry }: { readonly entry: HistoryEntry }) {
  const { parameters, actor, event, version, stateCode, traceId } = entry;
  const userId = /user:(\d+)/.exec(actor)?.[1];
  return (
    <dl className="desk-facts">
      <Fact name="Step">
        {version}, at <span className="mono">{stateCode === "" ? "new" : stateCode}</span>
      </Fact>
      {actor === "" ? null : (
        <Fact name="By">
          <span className="mono">{actor}</span>
          {userId === undefined ? null : <Link href={`/desk/orders?q=${userId}`}> orders of {userId}</Link>}
        </Fact>
      )}
      {event === "" ? null : (
        <Fact name="Told as">
          <span className="mono">{event}</span>
        </Fact>
      )}
      {traceId === "" ? null : (
        <Fact name="Trace">
          <StepTrace entry={entry} />
        </Fact>
      )}
      {parameters === undefined
        ? null
        : parameterTexts(parameters).map(([name, text]) => (
            <Fact key={name} name={name}>
              {text}
            </Fact>
          ))}
    </dl>
  );
}

/** What was given with an action, name and value. */
function parameterTexts(given: ActionParameters): readonly (readonly [string, string])[] {
  const address = given.shippingAddress;
  const all: readonly (readonly [string, string])[] = [
    ["Reason", given.reason],
    ["Memo", given.memo],
    ["Amount", given.refundAmount === undefined ? "" : formatMoney(given.refundAmount)],
    ["Carrier", given.carrier],
    ["Tracking", given.trackingNumber],
    ["Fee", given.shippingFee === undefined ? "" : formatMoney(given.shippingFee)],
    [
      "Address",
      address === undefined
        ? ""
        : [address.recipient, ...address.lines, address.postalCode, address.city, address.countryCode].join(
            ", ",
          ),
    ],
    ["Pictures", given.pictureUrls.join(" ")],
  ];
  return all.filter(([, text]) => text !== "");
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
