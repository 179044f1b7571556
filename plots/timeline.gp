# Page sizes over the seconds of a run, a panel an arm, a line a page size; events are vertical lines.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

top = 84 - up; bottom = 56; axis = narrow ? 62 : 70; edge = 30; from = edge_left(axis)
h = (height - top - bottom) / (1.0 * n_panels)
# As in page-sizes.gp: an order, from light to dark.
tone(c) = c == 0 ? 0xd0a93c : c == 1 ? 0x2a7f74 : 0x123a36
do for [c = 0:2] {
	set object 10 + c rectangle center screen px(from + 6 + c * (narrow ? 56 : 90)), screen 1 - py(66 - up) \
		size screen px(12), screen py(12) fs solid noborder fc rgb tone(c)
	set label 10 + c word("4K 2M 1G", c + 1) at screen px(from + 18 + c * (narrow ? 56 : 90)), screen 1 - py(66 - up) \
		left tc rgb INK font points(12)
}
set multiplot
do for [p = 1:n_panels] {
	set lmargin at screen px(axis)
	set rmargin at screen 1 - px(edge)
	set tmargin at screen 1 - py(top + (p - 1) * h + (narrow ? 84 : 60))
	set bmargin at screen 1 - py(top + p * h)
	set xrange [x_min:x_max]
	set yrange [value_min:value_max]
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_ticks] { set ytics add (esc(TICK_NAME[i]) TICK[i]) }
	do for [i = 1:n_xticks] {
		set xtics add (p == n_panels ? esc(XTICK_NAME[i]) : "" XTICK[i])
	}
	set grid ytics lt 1 lw 1 lc rgb GRID
	if (p == n_panels) { set xlabel x_title tc rgb SOFT } else { unset xlabel }
	if (p == 1) { set label 4 value_title at screen px(narrow ? 186 : axis + 280), screen 1 - py(66 - up) left tc rgb SOFT font points(12) }
	set label 3 PANEL[p] at screen px(from), graph 1 offset 0, 3.4 left tc rgb INK font points(12)
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && SERIES_COLOUR[i] == 3 ? $1 : NaN):(value_min):(0):(value_max - value_min) \
		with vectors nohead lw 1 dt 2 lc rgb SOFT, \
	     for [t = 0:2] for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && SERIES_COLOUR[i] == 3 && int($0) % 3 == t ? $1 : NaN):(value_max):5 \
		with labels left offset -0.5, 2.4 - t tc rgb SOFT font points(10), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(SERIES_PANEL[i] == p - 1 && SERIES_COLOUR[i] < 3 ? $2 : NaN) \
		with linespoints pt 7 ps 0.25 lw 1.8 lc rgb tone(SERIES_COLOUR[i])
	unset label 1; unset label 2; unset label 4
	do for [c = 10:12] { unset object c; unset label c }
}
unset multiplot
