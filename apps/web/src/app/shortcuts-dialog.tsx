import { useState } from "react";
import { useIdentity } from "../session/session-context.ts";
import { Dialog } from "../ui/dialog.tsx";
import { navigationFor } from "./navigation.ts";
import { areShortcutsOff, switchShortcuts } from "./shortcuts.ts";
import "./shortcuts.css";

export default function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const identity = useIdentity();
  const [isOff, setOff] = useState(areShortcutsOff);
  const rows: readonly (readonly [keys: string, text: string])[] = [
    ["/", "Search"],
    ...navigationFor(identity?.roles ?? ["buyer"]).map(({ key, text }) => [`g ${key}`, text] as const),
    ["j k", "Next and previous row"],
    ["Enter", "Open the row"],
    ["Esc", "Close"],
    ["?", "This list"],
  ];
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <table className="shortcuts">
        <tbody>
          {rows.map(([keys, text]) => (
            <tr key={keys}>
              <th scope="row">
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label className="choice">
        <input
          type="checkbox"
          checked={!isOff}
          onChange={({ currentTarget }) => {
            switchShortcuts(currentTarget.checked);
            setOff(!currentTarget.checked);
          }}
        />
        Use them, but not while I type in a field
      </label>
    </Dialog>
  );
}
