import { formatCount } from "../format.ts";
import "./sparkline.css";

const barWidth = 3;
const gap = 1;
const height = 14;

export interface SparklineProps {
  /** The newest last. */
  readonly values: readonly number[];
  /** What the values are: "Waiting in the outbox of loms". */
  readonly label: string;
}

/** How a figure has gone lately, in a line of text; without words for who cannot see it, the values themselves. */
export function Sparkline({ values, label }: SparklineProps) {
  const max = Math.max(0, ...values);
  if (values.length < 2 || max === 0) {
    return null;
  }
  const text = `${label}, the last ${values.length} readings: ${values.map(formatCount).join(", ")}`;
  const width = values.length * (barWidth + gap) - gap;
  return (
    <>
      <svg
        className="sparkline"
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        aria-hidden="true"
      >
        <title>{text}</title>
        {values.map((value, index) => {
          const bar = Math.max(1, Math.round((value / max) * height));
          return (
            <rect key={index} x={index * (barWidth + gap)} y={height - bar} width={barWidth} height={bar} />
          );
        })}
      </svg>
      <span className="unseen">{text}</span>
    </>
  );
}
