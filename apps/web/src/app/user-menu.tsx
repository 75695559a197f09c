import { useState } from "react";
import type { Identity } from "../session/session.ts";
import { useSession } from "../session/session-context.ts";
import { MenuButton, type MenuEntry } from "../ui/menu.tsx";
import { useAppConfig } from "./app-config.ts";
import { useGo } from "./navigate.ts";
import { navigationFor } from "./navigation.ts";
import { chooseTheme, storedTheme, type Theme } from "./theme.ts";

const themes: readonly { readonly theme: Theme; readonly text: string }[] = [
  { theme: "system", text: "Colors of the device" },
  { theme: "light", text: "Light" },
  { theme: "dark", text: "Dark" },
];

/** Names who is signed in, as what; and what concerns the person and not the page. */
export function UserMenu({ identity, onShortcuts }: { identity: Identity; onShortcuts: () => void }) {
  const session = useSession();
  const go = useGo();
  const demo = useAppConfig()?.demo;
  const [theme, setTheme] = useState(storedTheme);
  const others = (demo?.users ?? []).filter(({ username }) => username !== identity.username);
  const entries: readonly MenuEntry[] = [
    ...others.map(({ username, role }) => ({
      id: `as ${username}`,
      section: "In another window",
      text: `Open as ${username}${username === role ? "" : ` (${role})`} ↗`,
      href: `/?as=${username}`,
      newWindow: true,
    })),
    ...themes.map((choice) => ({
      id: choice.theme,
      section: "Colors",
      text: choice.text,
      isChosen: choice.theme === theme,
      onAction: () => {
        chooseTheme(choice.theme);
        setTheme(choice.theme);
      },
    })),
    ...(navigationFor(identity.roles).some(({ href }) => href === "/api")
      ? []
      : [{ id: "api", section: "", text: "API", onAction: () => go("/api") }]),
    { id: "shortcuts", section: "", text: "Keyboard shortcuts", hint: "?", onAction: onShortcuts },
    {
      id: "sign out",
      section: "",
      text: "Sign out",
      onAction: () => void session.signOut().finally(() => go("/sign-in", { replace: true })),
    },
  ];
  return (
    <MenuButton
      label={
        <>
          <span className="user-name">{identity.username}</span>
          {identity.roles.some((role) => role !== identity.username) ? (
            <span className="user-role">{identity.roles.join(", ")}</span>
          ) : null}
        </>
      }
      description={`Signed in as ${identity.username}, ${identity.roles.join(" and ")}`}
      entries={entries}
    />
  );
}
