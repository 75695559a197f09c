import type { ReactNode } from "react";
import { Heading } from "react-aria-components/Heading";
import { Dialog as AriaDialog, Modal, ModalOverlay } from "react-aria-components/Modal";
import { useGoBackTo } from "../app/navigate.ts";
import { Button } from "./button.tsx";
import "./dialog.css";

export interface DialogProps {
  readonly title: ReactNode;
  readonly children: ReactNode;
  readonly onClose: () => void;
  /** Only its own buttons close it: for what must be answered. */
  readonly mustAnswer?: boolean;
  readonly wide?: boolean;
}

/** A dialog over the page. It stays open with its error; on a phone it comes from below. */
export function Dialog({ title, children, onClose, mustAnswer = false, wide = false }: DialogProps) {
  return (
    <ModalOverlay
      isOpen
      isDismissable={!mustAnswer}
      isKeyboardDismissDisabled={mustAnswer}
      onOpenChange={(isOpen) => {
        if (!isOpen) {
          onClose();
        }
      }}
      className="dialog-overlay"
    >
      <Modal className={`dialog${wide ? " dialog-wide" : ""}`}>
        <AriaDialog className="dialog-content">
          <header className="dialog-header">
            <Heading slot="title" className="dialog-title">
              {title}
            </Heading>
            {mustAnswer ? null : (
              <Button kind="quiet" onPress={onClose} aria-label="Close">
                Close
              </Button>
            )}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export interface RouteDialogProps extends Omit<DialogProps, "onClose"> {
  /** The page below, for whoever came straight to the dialog. */
  readonly page: string;
}

/** A dialog that has an address: closing it goes back to its page. */
export function RouteDialog({ page, ...props }: RouteDialogProps) {
  const close = useGoBackTo(page);
  return <Dialog {...props} onClose={close} />;
}
