import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Header } from "react-aria-components/Header";
import { Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components/Menu";
import "./menu.css";

export interface MenuEntry {
  readonly id: string;
  /** Entries of one section stand together, under its name. */
  readonly section: string;
  readonly text: string;
  readonly hint?: string;
  readonly isChosen?: boolean;
  readonly href?: string;
  readonly newWindow?: boolean;
  readonly onAction?: () => void;
}

export interface MenuButtonProps {
  readonly label: ReactNode;
  /** For screen readers, where the label is not enough. */
  readonly description?: string;
  readonly entries: readonly MenuEntry[];
}

export function MenuButton({ label, description, entries }: MenuButtonProps) {
  const sections = [...new Set(entries.map(({ section }) => section))];
  return (
    <MenuTrigger>
      <AriaButton className="menu-button" {...(description !== undefined && { "aria-label": description })}>
        {label}
        <span aria-hidden="true" className="menu-arrow" />
      </AriaButton>
      <Popover className="menu-popover" placement="bottom end">
        <Menu className="menu">
          {sections.map((section) => (
            <MenuSection key={section} aria-label={section === "" ? "More" : section}>
              {section === "" ? null : <Header className="menu-header">{section}</Header>}
              {entries.filter((entry) => entry.section === section).map(entryOf)}
            </MenuSection>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function entryOf({ id, text, hint, isChosen, href, newWindow, onAction }: MenuEntry) {
  return (
    <MenuItem
      key={id}
      id={id}
      textValue={text}
      className={`menu-item${isChosen === true ? " menu-item-chosen" : ""}`}
      {...(href !== undefined && { href })}
      {...(newWindow === true && { target: "_blank", rel: "noopener" })}
      {...(onAction !== undefined && { onAction })}
    >
      {text}
      {isChosen === true ? <span className="unseen">, chosen</span> : null}
      {hint === undefined ? null : <kbd className="menu-hint">{hint}</kbd>}
    </MenuItem>
  );
}
