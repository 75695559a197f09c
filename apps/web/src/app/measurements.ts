/** Notes the moment at which the first page had its data: what the first load is measured by. */
export function markInteractive(): void {
  if (performance.getEntriesByName("interactive").length === 0) {
    performance.mark("interactive");
  }
}
