/** Where an error keeps the id under which its call can be found in traces and logs. */
export const traceIdHeader = "x-ordermesh-trace-id";
