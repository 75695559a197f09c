import { type ReactNode, useState } from "react";
import { Button } from "../ui/button.tsx";

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for who hears it: "link". */
  readonly what: string;
  readonly children: ReactNode;
}

/** Copies a text. Where the browser does not let pages copy, there is no button: the text can be selected. */
export function CopyButton({ text, what, children }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  // Absent on addresses that are not secure, whatever the types say.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard === undefined) {
    return null;
  }
  return (
    <Button
      kind="quiet"
      onPress={() => {
        clipboard.writeText(text).then(
          () => setCopied(true),
          () => setCopied(false),
        );
      }}
    >
      {isCopied ? <span role="status">The {what} is copied</span> : children}
    </Button>
  );
}
