import { useId } from "react";
import { CopyButton } from "../ui/copy-button.tsx";

/** Lines to paste, with the button that copies them. */
export function CodeBlock({ text, what }: { readonly text: string; readonly what: string }) {
  const id = useId();
  return (
    <div className="code-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <pre id={id} tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} what={what} textId={id} />
    </div>
  );
}
