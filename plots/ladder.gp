# A ladder: a value over the numbers of its axis, a panel a cell, a line an arm.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

cols = n_panels > 1 && !narrow ? 2 : 1
rows = (n_panels + cols - 1) / cols
top = 70 - up; bottom = 60; left = 70; from = edge_left(left)
# A narrow page has no room for the names beside the lines: a legend.
n_legend = 0
do for [i = 1:narrow ? n_series : 0] {
	if (LEADS[i]) {
		n_legend = n_legend + 1
		LEGEND[n_legend] = SERIES_NAME[i]
		x = legend_x(n_legend); y = legend_y(n_legend, 62)
		top = 84 - up + 18 * legend_line(n_legend)
		set label 200 + n_legend SERIES_NAME[i] at screen px(x + 14), screen y \
			left tc rgb INK font points(12)
		set label 300 + n_legend "" at screen px(x + 4), screen y \
			point pt shape(SERIES_COLOUR[i]) ps 0.8 lc rgb rgb(SERIES_RGB[i])
	}
}
if (narrow) { left = 62; right = 20 }
set multiplot
do for [p = 1:n_panels] {
	c = (p - 1) % cols; r = (p - 1) / cols
	w = width / cols; h = (height - top) / rows
	set lmargin at screen px(c * w + left)
	set rmargin at screen px((c + 1) * w - right)
	set tmargin at screen 1 - py(top + r * h + (narrow ? 34 : 22))
	set bmargin at screen 1 - py(top + (r + 1) * h - bottom)
	if (x_log) { set logscale x 2 }
	if (value_log) { set logscale y 10 }
	set xrange [x_min:x_log ? x_max * 1.02 : x_max]
	set yrange [value_min:value_max]
	set format ""
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_xticks] { set xtics add (esc(XTICK_NAME[i]) XTICK[i]) }
	do for [i = 1:n_ticks] { set ytics add (esc(TICK_NAME[i]) TICK[i]) }
	set grid ytics lt 1 lw 1 lc rgb GRID
	set xlabel x_title tc rgb SOFT offset 0, 0.3
	set label 3 PANEL[p] at screen px(narrow ? from : c * w + left), graph 1 offset 0, narrow ? 1.3 : 0.9 left tc rgb INK font points(12)
	do for [i = 1:n_series] {
		if (SERIES_PANEL[i] == p - 1 && !narrow) {
			set label 100 + i SERIES_NAME[i] at graph 1.02, graph SERIES_AT[i] \
				left tc rgb rgb(SERIES_RGB[i]) font points(11)
		} else { unset label 100 + i }
	}
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(SERIES_PANEL[i] == p - 1 ? $3 : NaN):(0):($4 - $3) \
		with vectors nohead lw 1.4 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(SERIES_PANEL[i] == p - 1 ? $2 : NaN) \
		with linespoints pt shape(SERIES_COLOUR[i]) ps 0.6 lw 1.8 \
		lc rgb rgb(SERIES_RGB[i])
	unset label 1; unset label 2
	do for [i = 1:n_legend] { unset label 200 + i; unset label 300 + i }
}
unset multiplot
