import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import "./button.css";

/**
 * primary: what a page is for, once on it. plain: everything else. danger: takes something away; solid in its
 * confirmation only. input: what another system would tell. timed: what the clock does. quiet: a link's weight.
 */
export type ButtonKind = "primary" | "plain" | "danger" | "danger-solid" | "input" | "timed" | "quiet";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children"> {
  readonly kind?: ButtonKind;
  readonly children: ReactNode;
  /** What it says while it is pending: "Paying…". */
  readonly pendingText?: string;
  readonly wide?: boolean;
}

/** A pending button keeps its focus and its place; pressing it again does nothing. */
export function Button({ kind = "plain", pendingText, wide = false, children, ...props }: ButtonProps) {
  return (
    <AriaButton {...props} className={`button button-${kind}${wide ? " button-wide" : ""}`}>
      {props.isPending === true && pendingText !== undefined ? pendingText : children}
    </AriaButton>
  );
}
