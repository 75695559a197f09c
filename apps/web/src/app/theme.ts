/** system: as the device is set, also while it changes. */
export type Theme = "system" | "light" | "dark";

const key = "ordermesh.theme";

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(key);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

/** Applies the choice, and keeps following the device where there is none. Before anything is drawn. */
export function startTheme(): void {
  const device = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = storedTheme();
    const isDark = theme === "dark" || (theme === "system" && device.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  };
  apply();
  device.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  window.addEventListener(themeChosen, apply);
}

const themeChosen = "ordermesh-theme";

export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Then the choice holds as long as the page does.
  }
  window.dispatchEvent(new Event(themeChosen));
}
