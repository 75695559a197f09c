import { durationMs } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import {
  type Verification,
  VerificationService,
  VerificationState,
} from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { useState } from "react";
import { formatCount, formatShortDuration } from "../format.ts";
import { useReadAnew } from "../read-anew.ts";
import { useIdentity } from "../session/session-context.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty, Notice, Skeleton } from "../ui/notice.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { useOnce } from "../ui/use-once.ts";
import { ChecksTable } from "./checks-table.tsx";
import { everyMs, useVerification } from "./figures.ts";
import { Findings } from "./findings.tsx";
import { Freshness } from "./freshness.tsx";
import { verificationWord } from "./operation-words.ts";
import { OperationsHead } from "./operations-head.tsx";
import "./verify.css";

/** Recomputes from the ledgers what must always hold, and shows what does not. */
export default function VerifyPage() {
  const [isRunning, setRunning] = useState(false);
  const { query, isNever } = useVerification({ isRunning });
  const readAnew = useReadAnew([VerificationService.method.getVerification]);
  const start = useMutation(VerificationService.method.startVerification, { onSuccess: readAnew });
  const once = useOnce();
  const underWay = query.data?.verification?.state === VerificationState.RUNNING;
  if (underWay !== isRunning) {
    setRunning(underWay);
  }
  const button = (
    <Button
      kind="primary"
      isPending={start.isPending || underWay}
      pendingText="Looking…"
      onPress={() => {
        if (!underWay) {
          once(() => start.mutateAsync({}));
        }
      }}
    >
      Verify now
    </Button>
  );
  return (
    <div className="operations">
      <OperationsHead part="/ops/verify">
        <Freshness query={query} everyMs={underWay ? everyMs.running : everyMs.idle} />
      </OperationsHead>
      <div className="verify-start">
        {button}
        <p className="quiet">
          Reads the ledgers of all services and recomputes what must always hold. It changes nothing, and
          nobody has to wait for it.
        </p>
      </div>
      {start.error === null ? null : (
        <Failure error={start.error} what="The verification could not be started" />
      )}
      {isNever && query.data === undefined ? (
        <Empty title="Nothing was verified since the start" />
      ) : (
        <Loaded query={query} what="The last verification" skeleton={<Skeleton rows={8} widths={[90]} />}>
          {({ verification }) => (verification === undefined ? null : <Run verification={verification} />)}
        </Loaded>
      )}
    </div>
  );
}

function Run({ verification }: { readonly verification: Verification }) {
  const { state, checks, startedTime, startedByUserId, duration, problem } = verification;
  const identity = useIdentity();
  const takenMs = duration === undefined ? 0 : durationMs(duration);
  const found = checks.reduce((sum, { findingsTotal }) => sum + findingsTotal, 0);
  const examined = checks.reduce((sum, check) => sum + check.examined, 0n);
  const counted = `${formatCount(checks.length)} ${checks.length === 1 ? "check" : "checks"}`;
  const checksText = `${counted} of ${formatCount(examined)} rows and events`;
  const by =
    startedByUserId === 0n
      ? "a service"
      : startedByUserId === identity?.userId
        ? "you"
        : `user ${startedByUserId}`;
  return (
    <>
      <p className="verify-state">
        <StatusChip {...verificationWord[state]} /> Started by {by} at <Time value={startedTime} />,{" "}
        {state === VerificationState.RUNNING ? "runs for" : "took"} {formatShortDuration(takenMs)}:{" "}
        {checksText}.
      </p>
      {state === VerificationState.BROKEN_OFF ? (
        <Notice tone="failed" announced title="It was broken off before everything was checked">
          <p>{problem}</p>
        </Notice>
      ) : null}
      {state === VerificationState.FINISHED && found === 0 ? (
        <Notice tone="done" announced title="Nothing found: everything is as it must be" />
      ) : null}
      <Findings checks={checks} total={found} />
      {checks.length === 0 ? null : (
        <section className="operations-part" aria-labelledby="checks">
          <h2 id="checks">What was checked</h2>
          <ChecksTable checks={checks} />
        </section>
      )}
    </>
  );
}
