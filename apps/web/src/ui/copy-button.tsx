import { type ReactNode, useEffect, useState } from "react";
import { Button, type ButtonKind } from "./button.tsx";

const saidForMs = 2_000;

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for who can not see it: "The lines for curl". */
  readonly what: string;
  /** Where the text stands: selected if it can not be copied. */
  readonly textId?: string;
  readonly kind?: ButtonKind;
  /** What the button says; absent: "Copy". */
  readonly children?: ReactNode;
}

/**
 * Copies a text. A page that came over plain http from another machine may not: then the text is selected, to be copied;
 * where it stands nowhere, there is no button.
 */
export function CopyButton({ text, what, textId, kind = "plain", children = "Copy" }: CopyButtonProps) {
  const [said, setSaid] = useState<"Copied" | "Selected">();
  useEffect(() => {
    const timer = setTimeout(() => setSaid(undefined), saidForMs);
    return () => clearTimeout(timer);
  }, [said]);
  // Undefined where the browser does not trust the way that the page came, whatever the types say.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard === undefined && textId === undefined) {
    return null;
  }

  async function copy(): Promise<void> {
    try {
      await clipboard?.writeText(text);
      setSaid(clipboard === undefined ? select() : "Copied");
    } catch {
      setSaid(select());
    }
  }

  function select(): "Selected" | undefined {
    const element = textId === undefined ? null : document.getElementById(textId);
    if (element === null) {
      return undefined;
    }
    window.getSelection()?.selectAllChildren(element);
    return "Selected";
  }

  return (
    <span className="copy">
      <Button kind={kind} aria-label={`Copy ${what}`} onPress={() => void copy()}>
        {said ?? children}
      </Button>
      <span role="status" className="unseen">
        {said === undefined
          ? ""
          : said === "Copied"
            ? `${what} copied`
            : `${what} selected, ready to be copied`}
      </span>
    </span>
  );
}
