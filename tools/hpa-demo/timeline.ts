import { init, use } from "echarts/core";
import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import type { Sample } from "./sample.ts";

use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

const COLOURS = { input: "#4477aa", lag: "#cc6677", desired: "#bbbbbb", ready: "#228833" };

interface Row {
  readonly name: string;
  readonly axis: string;
  readonly series: readonly { name: string; colour: string; step?: boolean; values: (number | undefined)[] }[];
  /** A dashed line across, such as the autoscaler's target. */
  readonly target?: number;
}

/** Input rate, lag and writers over time, one above the other on the same time axis, as SVG. */
export function timelineSvg(samples: readonly Sample[], targetPerWriter: number): string {
  const rows: Row[] = [
    {
      name: "Input",
      axis: "records/s",
      series: [
        { name: "into Kafka", colour: COLOURS.input, values: samples.map(({ inputPerSecond }) => inputPerSecond) },
      ],
    },
    {
      name: "Lag",
      axis: "records",
      target: targetPerWriter,
      series: [{ name: "lag", colour: COLOURS.lag, values: samples.map(({ lag }) => lag) }],
    },
    {
      name: "Writers",
      axis: "pods",
      series: [
        { name: "desired", colour: COLOURS.desired, step: true, values: samples.map(({ desired }) => desired) },
        { name: "ready", colour: COLOURS.ready, step: true, values: samples.map(({ ready }) => ready) },
      ],
    },
  ];
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 960, height: 620 });
  try {
    chart.setOption(option(rows, samples));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function option(rows: readonly Row[], samples: readonly Sample[]): Parameters<ReturnType<typeof init>["setOption"]>[0] {
  const unloaded = samples.find(({ isLoaded }) => !isLoaded)?.second;
  const last = samples.at(-1)?.second ?? 0;
  return {
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: "Writers follow the lag", left: 16, top: 10, textStyle: { fontSize: 16 } },
    legend: { right: 16, top: 12 },
    grid: rows.map((_, index) => ({ left: 84, right: 24, top: 62 + index * 185, height: 140 })),
    xAxis: rows.map((_, index) => ({
      type: "value" as const,
      gridIndex: index,
      min: 0,
      max: Math.ceil(last),
      axisLabel: {
        formatter: (second: number) => `${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}`,
      },
      interval: 60,
    })),
    yAxis: rows.map(({ name, axis }, index) => ({
      type: "value" as const,
      gridIndex: index,
      name: `${name}, ${axis}`,
      nameTextStyle: { align: "left" as const },
      minInterval: 1,
      min: 0,
    })),
    series: rows.flatMap(({ series, target }, index) =>
      series.map(({ name, colour, step, values }, position) => ({
        type: "line" as const,
        name,
        xAxisIndex: index,
        yAxisIndex: index,
        showSymbol: false,
        ...(step === true ? { step: "end" as const } : {}),
        lineStyle: { width: 2 },
        itemStyle: { color: colour },
        data: samples.flatMap(({ second }, at) => (values[at] === undefined ? [] : [[second, values[at]]])),
        ...(position === 0 ? { markLine: marks(unloaded, target) } : {}),
      })),
    ),
  };
}

function marks(unloaded: number | undefined, target: number | undefined): object {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { type: "dashed", color: "#999999" },
    data: [
      ...(unloaded === undefined
        ? []
        : [{ xAxis: unloaded, label: { formatter: "load off", position: "insideEndTop" } }]),
      ...(target === undefined
        ? []
        : [{ yAxis: target, label: { formatter: "target of one writer", position: "insideEndTop" } }]),
    ],
  };
}
