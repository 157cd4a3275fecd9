/** How a quantity behaves at a place over a day; values in the unit of the quantity. */
export interface Curve {
  readonly mean: number;
  /** From the mean to the highest value of the day; below 0, the lowest comes when the others have their highest. */
  readonly swing: number;
  /** Standard deviation from one reading to the next. */
  readonly noise: number;
  /** Standard deviation of the slow drift. */
  readonly drift: number;
}

/** A kind of place where devices stand. */
export interface Profile {
  /** As in the MQTT topic. */
  readonly location: string;
  readonly indoor: boolean;
  /** Degrees north and east. */
  readonly lat: number;
  readonly lon: number;
  /** Devices stand at most this far from there, to the north or south and to the east or west, in metres. */
  readonly spreadM: number;
  /** Local hour of the highest temperature. */
  readonly peakHour: number;
  readonly temperatureC: Curve;
  readonly humidityPct: Curve;
}

/**
 * Ten places of one city by a river, Antwerp; the coordinates are about right, the climate is made up but plausible: an
 * industrial zone runs hotter and noisier than a park, the day is felt less indoors, and air that warms gets drier.
 */
export const profiles: readonly Profile[] = [
  {
    location: "industrial-zone",
    indoor: false,
    lat: 51.282,
    lon: 4.334,
    spreadM: 900,
    peakHour: 14.5,
    temperatureC: { mean: 21, swing: 6, noise: 0.8, drift: 0.8 },
    humidityPct: { mean: 52, swing: -12, noise: 2.5, drift: 3 },
  },
  {
    location: "harbour",
    indoor: false,
    lat: 51.251,
    lon: 4.379,
    spreadM: 700,
    peakHour: 15.5,
    temperatureC: { mean: 14.5, swing: 3.2, noise: 0.35, drift: 0.6 },
    humidityPct: { mean: 79, swing: -9, noise: 1.6, drift: 3 },
  },
  {
    location: "park",
    indoor: false,
    lat: 51.212,
    lon: 4.414,
    spreadM: 200,
    peakHour: 15,
    temperatureC: { mean: 14, swing: 4.5, noise: 0.2, drift: 0.5 },
    humidityPct: { mean: 72, swing: -14, noise: 1, drift: 2.5 },
  },
  {
    location: "riverside",
    indoor: false,
    lat: 51.22,
    lon: 4.397,
    spreadM: 250,
    peakHour: 15.5,
    temperatureC: { mean: 14.2, swing: 3.6, noise: 0.25, drift: 0.5 },
    humidityPct: { mean: 77, swing: -11, noise: 1.3, drift: 3 },
  },
  {
    location: "main-street",
    indoor: false,
    lat: 51.218,
    lon: 4.411,
    spreadM: 300,
    peakHour: 15,
    temperatureC: { mean: 16.8, swing: 5, noise: 0.45, drift: 0.5 },
    humidityPct: { mean: 62, swing: -12, noise: 1.6, drift: 2.5 },
  },
  {
    location: "station-hall",
    indoor: true,
    lat: 51.217,
    lon: 4.421,
    spreadM: 80,
    peakHour: 17,
    temperatureC: { mean: 18, swing: 2.4, noise: 0.4, drift: 0.4 },
    humidityPct: { mean: 56, swing: -5, noise: 1.5, drift: 2 },
  },
  {
    location: "office",
    indoor: true,
    lat: 51.206,
    lon: 4.405,
    spreadM: 60,
    peakHour: 15,
    temperatureC: { mean: 21.5, swing: 1.5, noise: 0.12, drift: 0.3 },
    humidityPct: { mean: 43, swing: -4, noise: 0.6, drift: 1.5 },
  },
  {
    location: "apartment",
    indoor: true,
    lat: 51.199,
    lon: 4.431,
    spreadM: 150,
    peakHour: 20,
    temperatureC: { mean: 20.5, swing: 1.2, noise: 0.15, drift: 0.4 },
    humidityPct: { mean: 48, swing: 4, noise: 0.9, drift: 2 },
  },
  {
    location: "greenhouse",
    indoor: true,
    lat: 51.188,
    lon: 4.402,
    spreadM: 40,
    peakHour: 13.5,
    temperatureC: { mean: 25, swing: 7, noise: 0.3, drift: 0.4 },
    humidityPct: { mean: 82, swing: -8, noise: 1, drift: 2 },
  },
  {
    location: "cold-store",
    indoor: true,
    lat: 51.264,
    lon: 4.392,
    spreadM: 60,
    peakHour: 16,
    temperatureC: { mean: 3.5, swing: 0.3, noise: 0.1, drift: 0.2 },
    humidityPct: { mean: 86, swing: -1, noise: 0.8, drift: 1 },
  },
];

const byLocation = new Map(profiles.map((profile) => [profile.location, profile]));

export function profileOf(location: string): Profile | undefined {
  return byLocation.get(location);
}
