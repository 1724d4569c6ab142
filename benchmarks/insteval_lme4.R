# lme4's REML fit of InstEval, CPU seconds a run; the data come as one CSV file with s, d, y.
suppressMessages(library(lme4))
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1])
data$s <- factor(data$s)
data$d <- factor(data$d)
for (run in seq_len(as.integer(arguments[2]))) {
  time <- system.time(fit <- lmer(y ~ 1 + (1 | s) + (1 | d), data))
  cat(sum(time[c("user.self", "sys.self")]), sprintf("%.4f", REMLcrit(fit)), "\n")
}
cat("#", R.version.string, "lme4", as.character(packageVersion("lme4")), "BLAS", normalizePath(extSoftVersion()[["BLAS"]]), "\n")
