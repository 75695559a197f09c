import { type ReactNode, useRef } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import "./button.css";

/**
 * primary: what a page is for, once on it. plain: everything else. danger: takes something away; solid in its
 * confirmation only. input: what another system would tell. timed: what the clock does. quiet: a link's weight.
 */
export type ButtonKind = "primary" | "plain" | "danger" | "danger-solid" | "input" | "timed" | "quiet";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children" | "onClick"> {
  readonly kind?: ButtonKind;
  readonly children: ReactNode;
  /** What it says while it is pending: "Paying…". */
  readonly pendingText?: string;
  readonly wide?: boolean;
  /** Each click counts, as of "one more". Otherwise a double click is one wish. */
  readonly repeats?: boolean;
}

/** A pending button keeps its focus and its place; pressing it again does nothing. */
export function Button({
  kind = "plain",
  pendingText,
  wide = false,
  repeats = false,
  children,
  onPress,
  ...props
}: ButtonProps) {
  const clicks = useRef(0);
  return (
    <AriaButton
      {...props}
      className={`button button-${kind}${wide ? " button-wide" : ""}`}
      onClickCapture={({ detail }) => {
        // Before the press that follows from it.
        clicks.current = detail;
      }}
      onPress={(event) => {
        // The second click of a double click may find another button in the place of the first, or find it free again
        // because the answer was fast. A key's press counts no clicks.
        const isSecond = event.pointerType !== "keyboard" && clicks.current > 1;
        if (repeats || !isSecond) {
          onPress?.(event);
        }
      }}
    >
      {props.isPending === true && pendingText !== undefined ? pendingText : children}
    </AriaButton>
  );
}
