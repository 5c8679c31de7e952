# make search   set up, build, and run the joint search on Fashion-MNIST
# make test     set up, build, and run every test
# make build    set up and build; the program is build/gibbon
BUILD := build
JOBS ?= 2

.PHONY: setup build search test clean format
setup:
	@tools/setup

$(BUILD)/build.ninja: setup
	@cmake --preset release $(CMAKE_FLAGS)

build: $(BUILD)/build.ninja
	@cmake --build $(BUILD) -j $(JOBS)

search: build
	@$(BUILD)/gibbon search --config presets/runs/fashion-mnist.yaml \
		--out runs/fashion-mnist-$$(date +%Y%m%d-%H%M%S)

test: build
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

format:
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	@rm -rf $(BUILD)
