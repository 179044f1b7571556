# A value that spans decades, on a logarithmic scale: a panel a cell, a row an arm.
# The value stands behind the interval, or above the mark if that leaves the axis.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

# Half of the last tick's name may lie beyond the axis.
beyond = n_ticks && strlen(TICK_NAME[n_ticks]) > 6 ? strlen(TICK_NAME[n_ticks]) - 6 : 0
top = 62 - up; bottom = 64; right = 30 + 4 * beyond; from = edge_left(left)
h = (height - top - bottom) / (1.0 * n_panels)
set multiplot
do for [p = 1:n_panels] {
	set lmargin at screen px(left)
	set rmargin at screen 1 - px(right)
	set tmargin at screen 1 - py(top + (p - 1) * h + 26)
	set bmargin at screen 1 - py(top + p * h)
	if (value_log) { set logscale x 10 }
	set xrange [value_min:value_max]
	set yrange [n_rows - 0.4:-0.6]
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_rows] { set ytics add (esc(ROW[i]) i - 1) }
	do for [i = 1:n_ticks] {
		set xtics add (p == n_panels ? esc(TICK_NAME[i]) : "" TICK[i])
	}
	set grid xtics lt 1 lw 1 lc rgb GRID
	if (p == n_panels) { set xlabel value_title tc rgb SOFT } else { unset xlabel }
	set label 3 PANEL[p] at screen px(from), graph 1 offset 0, 0.8 left tc rgb INK font points(12)
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 ? $2 : NaN):1:3:4 \
		with xerrorbars pt 0 lw 2 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 ? $2 : NaN):1 \
		with points pt shape(SERIES_COLOUR[i]) ps 1 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && $4 > value_max ? $2 : NaN):1:(value_max - $2):(0) \
		with vectors filled head size screen px(10), 20 lw 2 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && $3 < value_min ? $2 : NaN):1:(value_min - $2):(0) \
		with vectors filled head size screen px(10), 20 lw 2 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index BOOTS + i - 1 \
		using (SERIES_PANEL[i] == p - 1 ? $2 : NaN):($1 + 0.27) \
		with points pt 7 ps 0.25 lc rgb 0x70000000 + rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && $4 < value_max ? $4 : NaN):1:5 \
		with labels left offset 1.2, 0 tc rgb INK font points(12), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && $4 >= value_max ? $2 : NaN):($1 - 0.32):5 \
		with labels center tc rgb INK font points(12)
	unset label 1; unset label 2
}
unset multiplot
