import { useState } from "react";
import { formatCount } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/failure.tsx";
import { useOnce } from "../ui/use-once.ts";
import type { RedriveStep } from "./redrive-plan.ts";
import { type RedriveResult, useRedrive } from "./use-redrive.ts";

export interface RedriveDialogProps {
  readonly steps: readonly RedriveStep[];
  /** How they were chosen, if by filters: "of notifications". Empty: one by one. */
  readonly chosenBy: string;
  readonly onClose: () => void;
  /** All of them were sent. */
  readonly onSent: (results: readonly RedriveResult[]) => void;
}

import "../ui/form.css";

/** Says once more what will be sent where, and stays open with what could not be sent. */
export function RedriveDialog({ steps, chosenBy, onClose, onSent }: RedriveDialogProps) {
  const redrive = useRedrive();
  const once = useOnce();
  const [failed, setFailed] = useState<readonly RedriveResult[]>([]);
  const left = failed.length === 0 ? steps : failed.map(({ step }) => step);
  const count = left.reduce((sum, step) => sum + step.count, 0);

  async function send(): Promise<void> {
    const results = await redrive.mutateAsync(left);
    const failures = results.filter(({ error }) => error !== undefined);
    setFailed(failures);
    if (failures.length === 0) {
      onSent(results);
    }
  }

  return (
    <Dialog
      title={`Send ${formatCount(count)} ${count === 1 ? "dead letter" : "dead letters"} back?`}
      onClose={onClose}
    >
      {chosenBy === "" ? null : <p>{chosenBy}</p>}
      <ul className="redrive-steps">
        {left.map((step) => (
          <li key={`${step.service} ${step.group} ${step.ids[0] ?? ""}`}>
            <b>{formatCount(step.count)}</b> to <span className="mono">{step.topic}</span>, for {step.service}{" "}
            <span className="quiet mono">{step.group}</span>
          </li>
        ))}
      </ul>
      <p className="quiet">
        They go back to their topics as they were. A consumer that had handled one drops it; one that still
        cannot be handled comes back here.
      </p>
      {failed.map(({ step, error }) => (
        <Failure
          key={`${step.service} ${step.group} ${step.ids[0] ?? ""}`}
          error={error}
          what={`Those of ${step.service} could not be sent`}
        />
      ))}
      <div className="form-actions">
        <Button
          kind="primary"
          isPending={redrive.isPending}
          pendingText="Sending…"
          onPress={() => once(send)}
        >
          {failed.length === 0 ? "Send back" : "Try these again"}
        </Button>
        <Button onPress={onClose}>Not now</Button>
      </div>
    </Dialog>
  );
}
