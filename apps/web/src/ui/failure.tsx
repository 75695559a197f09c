import { type FailureText, failureText } from "../failure-text.ts";
import { Button } from "./button.tsx";
import "./notice.css";

export interface FailureProps {
  readonly error: unknown;
  /** What could not be done: "The orders could not be loaded". */
  readonly what?: string;
  readonly onRetry?: () => void;
  readonly alsoWrong?: readonly string[];
}

/** What failed, why, what to do next, and the id under which it can be found. It takes the focus when it appears in a form. */
export function Failure({ error, what, onRetry, alsoWrong = [] }: FailureProps) {
  const failure = failureText(error);
  return (
    <section className="notice notice-failed" role="alert" tabIndex={-1}>
      <p className="notice-title">{what ?? failure.title}</p>
      <p>{failure.text}</p>
      {[...conditionsOf(failure), ...alsoWrong].map((text) => (
        <p key={text}>{text}</p>
      ))}
      <FailureIds failure={failure} />
      {onRetry === undefined ? null : (
        <p className="notice-actions">
          <Button onPress={onRetry}>Try again</Button>
        </p>
      )}
    </section>
  );
}

function FailureIds({ failure }: { readonly failure: FailureText }) {
  return (
    <p className="notice-ids">
      <span className="mono">{failure.code}</span>
      {failure.traceId === undefined ? null : (
        <>
          {" · trace "}
          <span className="mono copyable">{failure.traceId}</span>
        </>
      )}
    </p>
  );
}

/** Those that the sentence does not say already. */
function conditionsOf({ conditions, text }: FailureText): readonly string[] {
  return conditions
    .map((condition) => condition.text)
    .filter((condition) => !text.includes(condition.replace(/\.$/, "")));
}
