import type { Position } from "./location.ts";

/** Of the sphere on which distances are measured: the Earth's equatorial radius. */
export const sphereRadiusMeters = 6_378_137;

/** Degrees; west is at most east. What lies across the meridian of 180° is two of these. */
export interface Box {
  readonly south: number;
  readonly north: number;
  readonly west: number;
  readonly east: number;
}

/** More than rounding can take off a box, and less than a tenth of a millimeter. */
const marginDegrees = 1e-9;

/** One or two boxes that together hold everything within the radius, and usually a little more. */
export function boxesAround({ latitude, longitude }: Position, radiusMeters: number): Box[] {
  const radius = degrees(radiusMeters / sphereRadiusMeters) + marginDegrees;
  const south = latitude - radius;
  const north = latitude + radius;
  // A circle around a pole has all longitudes.
  if (south <= -90 || north >= 90) {
    return [{ south: Math.max(-90, south), north: Math.min(90, north), west: -180, east: 180 }];
  }
  // Meridians come together towards the poles: the circle is widest not at its center, but where one touches it.
  const sine = Math.sin(radians(radius)) / Math.cos(radians(latitude));
  const halfWidth = degrees(Math.asin(Math.min(1, sine))) + marginDegrees;
  const west = longitude - halfWidth;
  const east = longitude + halfWidth;
  if (west >= -180 && east <= 180) {
    return [{ south, north, west, east }];
  }
  return [
    { south, north, west: west < -180 ? west + 360 : west, east: 180 },
    { south, north, west: -180, east: east > 180 ? east - 360 : east },
  ];
}

function radians(angle: number): number {
  return (angle * Math.PI) / 180;
}

function degrees(angle: number): number {
  return (angle * 180) / Math.PI;
}
