import { useEffect, useState } from "react";
import { Button } from "../ui/button.tsx";

const saidForMs = 2_000;

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for who can not see it: "the lines for curl". */
  readonly what: string;
  /** Where the text stands: selected if it can not be copied. */
  readonly textId: string;
}

/** Copies a text. A page that came over plain http from another machine may not: then the text is selected, to be copied. */
export function CopyButton({ text, what, textId }: CopyButtonProps) {
  const [said, setSaid] = useState<"Copied" | "Selected">();
  useEffect(() => {
    const timer = setTimeout(() => setSaid(undefined), saidForMs);
    return () => clearTimeout(timer);
  }, [said]);

  async function copy(): Promise<void> {
    try {
      // Undefined where the browser does not trust the way that the page came.
      await (navigator.clipboard as Clipboard | undefined)?.writeText(text);
      setSaid(navigator.clipboard === undefined ? select() : "Copied");
    } catch {
      setSaid(select());
    }
  }

  function select(): "Selected" {
    const element = document.getElementById(textId);
    if (element !== null) {
      window.getSelection()?.selectAllChildren(element);
    }
    return "Selected";
  }

  return (
    <span className="copy">
      <Button aria-label={`Copy ${what}`} onPress={() => void copy()}>
        {said ?? "Copy"}
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
