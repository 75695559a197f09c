import { ownSections, type Service } from "./own-sections.ts";
import { type Panel, type Query, quantiles, rate, rateBy, type Section } from "./panel.ts";

/** The dashboard of one service: what it is asked, what it asks of others, what is its own, and how the process fares. */
export function serviceSections(service: Service): readonly Section[] {
  return [servedCalls(service), ...callsToOthers(service), ...ownSections(service), processHealth(service)];
}

const serverCalls = "ordermesh_rpc_server_duration_seconds";
const clientCalls = "ordermesh_rpc_client_duration_seconds";
const faultCodes = "UNKNOWN|DEADLINE_EXCEEDED|INTERNAL|UNAVAILABLE|DATA_LOSS";

function callPanels(histogram: string, labels: string): readonly Panel[] {
  return [
    {
      title: "Calls by method",
      unit: "reqps",
      stacked: true,
      queries: [rateBy("rpc_method", `${histogram}_count{${labels}}`)],
    },
    {
      title: "Calls that did not end with OK, by code",
      unit: "reqps",
      stacked: true,
      queries: [rateBy("code", `${histogram}_count{${labels}, code!="OK"}`)],
    },
    {
      title: "Duration of calls",
      description: "Without streams, which last for as long as their client likes.",
      unit: "s",
      queries: quantiles(histogram, `${labels}, rpc_method!~"Watch.*"`),
    },
  ];
}

function servedCalls(service: Service): Section {
  const labels = `service="${service}", instance=~"$instance", rpc_service!~"grpc[.].*"`;
  const unary = `${labels}, rpc_method!~"Watch.*"`;
  const bucketsByMethod = `sum by (le, rpc_method) (${rate(`${serverCalls}_bucket{${unary}}`)})`;
  return {
    title: `Calls to ${service}`,
    panels: [
      ...callPanels(serverCalls, labels),
      {
        title: "Share of calls that failed through our fault",
        description: `The codes ${faultCodes.replaceAll("|", ", ")}.`,
        unit: "percentunit",
        alertAbove: 0.05,
        queries: [
          {
            expression:
              // A code that has never been counted is 0 and not unknown.
              `(sum(${rate(`${serverCalls}_count{${unary}, code=~"${faultCodes}"}`)}) or vector(0))` +
              ` / sum(${rate(`${serverCalls}_count{${unary}}`)})`,
            legend: "failed",
          },
        ],
      },
      {
        title: "99th percentile by method",
        unit: "s",
        queries: [{ expression: `histogram_quantile(0.99, ${bucketsByMethod})`, legend: "{{rpc_method}}" }],
      },
      {
        title: "Calls by instance",
        unit: "reqps",
        queries: [rateBy("instance", `${serverCalls}_count{${labels}}`)],
      },
    ],
  };
}

/** The other direction: what a service asks of others, and how those that are asked look from there. */
function callsToOthers(service: Service): readonly Section[] {
  switch (service) {
    case "checkout":
    case "tables":
    case "gateway":
      return [
        {
          title: `Calls from ${service} to others`,
          panels: callPanels(clientCalls, `service="${service}", instance=~"$instance"`),
        },
      ];
    case "loms":
    case "product":
    case "payments":
    case "identity":
      return [
        {
          title: `Calls to ${service} as its callers see them`,
          panels: callPanels(clientCalls, `rpc_service=~"ordermesh[.]${service}[.].*"`),
        },
      ];
    case "notifications":
      return [];
  }
}

function processHealth(service: Service): Section {
  const labels = `service="${service}", instance=~"$instance"`;
  const byInstance = (metric: string, legend: string): Query => ({
    expression: `${metric}{${labels}}`,
    legend: `{{instance}} ${legend}`,
  });
  return {
    title: "The process",
    panels: [
      {
        title: "Event-loop lag",
        description: "Resting value 20 ms, the interval at which it is measured.",
        unit: "s",
        alertAbove: 0.2,
        queries: [
          byInstance("nodejs_eventloop_lag_p99_seconds", "p99"),
          byInstance("nodejs_eventloop_lag_max_seconds", "max"),
        ],
      },
      {
        title: "CPU",
        description: "Seconds of CPU per second. JavaScript runs on one CPU, so that 1 is full.",
        unit: "short",
        queries: [rateBy("instance", `process_cpu_seconds_total{${labels}}`)],
      },
      {
        title: "Memory",
        unit: "bytes",
        queries: [
          byInstance("process_resident_memory_bytes", "resident"),
          byInstance("nodejs_heap_size_used_bytes", "heap in use"),
        ],
      },
      {
        title: "Wait for a database connection",
        unit: "s",
        alertAbove: 0.25,
        queries: quantiles("ordermesh_postgres_pool_wait_seconds", labels),
      },
      {
        title: "Garbage collection",
        description: "Seconds per second.",
        unit: "short",
        stacked: true,
        queries: [rateBy("kind", `nodejs_gc_duration_seconds_sum{${labels}}`)],
      },
      {
        title: "Instances by version",
        unit: "short",
        stacked: true,
        queries: [
          { expression: `count by (version) (ordermesh_build_info{${labels}})`, legend: "{{version}}" },
        ],
      },
    ],
  };
}
