import type { DeadLetter } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { useGoBackTo, useQueryFields } from "../app/navigate.ts";
import { queryText } from "../query-text.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty } from "../ui/notice.tsx";
import { Time } from "../ui/time.tsx";
import { useOnce } from "../ui/use-once.ts";
import { nameOf } from "./dead-letters-table.tsx";
import { Facts } from "./facts.tsx";
import { useDeadLetters } from "./figures.ts";
import { OrderLink } from "./order-link.tsx";
import { redriveSteps } from "./redrive-plan.ts";
import { useRedrive } from "./use-redrive.ts";
import "../ui/form.css";

/** One dead letter whole: where it came from, why it was given up, and what is in it. */
export default function LetterDialog() {
  const [{ of: service = "", id = "", ...filters }] = useQueryFields();
  const page = `/ops/dead-letters${queryText(filters)}`;
  const query = useDeadLetters();
  const find = (letters: readonly DeadLetter[]) =>
    letters.find((letter) => letter.service === service && letter.record?.id === id);
  const found = find(query.data?.deadLetters ?? []);
  return (
    <RouteDialog title={found === undefined ? "Dead letter" : nameOf(found)} page={page} wide>
      <Loaded query={query} what="The dead letter">
        {({ deadLetters }) => {
          const letter = find(deadLetters);
          return letter === undefined ? (
            <Empty title="It is not a dead letter any more">
              <p>Somebody has sent it back, or it is too old to be kept.</p>
            </Empty>
          ) : (
            <Letter letter={letter} page={page} />
          );
        }}
      </Loaded>
    </RouteDialog>
  );
}

function Letter({ letter, page }: { readonly letter: DeadLetter; readonly page: string }) {
  const { service, record, payloadJson, traceId } = letter;
  const redrive = useRedrive();
  const once = useOnce();
  const close = useGoBackTo(page);
  const failure = redrive.data?.find(({ error }) => error !== undefined)?.error;

  async function send(): Promise<void> {
    const results = await redrive.mutateAsync(redriveSteps([letter]));
    if (results.every(({ error }) => error === undefined)) {
      close();
    }
  }

  return (
    <>
      <p className="problem-text letter-reason">{record?.reason}</p>
      <Facts
        facts={[
          ["Given up", <Time key="time" value={record?.givenUpTime} />],
          ["By", `${service}, after ${record?.attempts ?? 0} ${record?.attempts === 1 ? "try" : "tries"}`],
          ["Consumer group", mono(record?.group)],
          ["Came from", mono(`${record?.topic} ${record?.partition}/${record?.offset}`)],
          [
            "About",
            isOrder(record?.subject) ? (
              <OrderLink orderId={BigInt(record?.subject ?? 0)} />
            ) : (
              mono(record?.subject)
            ),
          ],
          ["Type", mono(record?.eventType)],
          ["Event id", mono(record?.eventId)],
          ["Key", mono(record?.key)],
          ["Trace", mono(traceId)],
        ]}
      />
      <h3>What is in it</h3>
      {payloadJson === "" ? (
        <p className="quiet">It cannot be read as an event of ours.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        <pre className="payload" tabIndex={0}>
          {payloadJson}
        </pre>
      )}
      {failure === undefined ? null : <Failure error={failure} what="It could not be sent back" />}
      <div className="form-actions">
        <Button
          kind="primary"
          isPending={redrive.isPending}
          pendingText="Sending…"
          onPress={() => once(send)}
        >
          Send it back
        </Button>
        <Button onPress={close}>Close</Button>
      </div>
    </>
  );
}

/** Sessions of tables are no numbers, and other events may be about anything. */
function isOrder(subject: string | undefined): boolean {
  return /^\d{1,18}$/.test(subject ?? "");
}

function mono(text: string | undefined) {
  return text === undefined || text === "" ? (
    <span className="quiet">–</span>
  ) : (
    <span className="mono copyable">{text}</span>
  );
}
