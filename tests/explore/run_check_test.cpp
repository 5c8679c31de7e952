#include "gibbon/explore/run_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "explore/tiny_run.hpp"

namespace gibbon::explore {
namespace {

using ::testing::HasSubstr;

class RunCheck : public ::testing::Test {
 protected:
  std::string error() const {
    return test::error_of([&] { check_run(config_, *space_, dataset_.train); });
  }

  RunConfig config_ = test::tiny_config();
  const std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
  const data::Dataset dataset_ = test::tiny_dataset();  // of 8 x 8 pixels
};

TEST_F(RunCheck, FindsImagesThatCannotBeSplit) {
  config_.data.validation_images = dataset_.train.count() - 1;
  check_run(config_, *space_, dataset_.train);
  config_.data.validation_images = dataset_.train.count();
  EXPECT_THAT(error(), HasSubstr("data.validation_images: "));
  EXPECT_THAT(error(), HasSubstr("leave none to train on; at most "));
}

TEST_F(RunCheck, FindsCropsLargerThanTheImagesOfEachTraining) {
  config_.supernet.small_crops.size = 8;
  config_.final_training.small_crops.size = 8;
  check_run(config_, *space_, dataset_.train);
  config_.final_training.small_crops.size = 9;
  EXPECT_EQ(error(),
            "final.small_crop_size: training option small_crops.size is 9, allowed is 0 to 8, the "
            "image's side");
  config_.supernet.small_crops.size = 9;
  EXPECT_THAT(error(), HasSubstr("supernet.small_crop_size: "));
}

TEST_F(RunCheck, FindsReflectionsWiderThanTheImages) {
  config_.final_training.targets = {{{"area_mm2 <= 1000"}, 1}};
  OwnTraining& own = config_.final_training.targets.front().training;
  own.padding = "reflect";
  own.crop_padding = 7;
  check_run(config_, *space_, dataset_.train);
  own.crop_padding = 8;
  EXPECT_EQ(error(),
            "final.targets: crop_padding: images of 8 pixels cannot be reflected by 8: at most 7");
  own.padding = "zero";
  check_run(config_, *space_, dataset_.train);
  config_.data.padding = "reflect";
  config_.data.crop_padding = 8;
  EXPECT_THAT(error(), HasSubstr("data.crop_padding: "));
}

TEST_F(RunCheck, FindsAModelThatTheChipsAreNotMadeFor) {
  config_.simulation.model = "digital_cim";
  EXPECT_THAT(error(), HasSubstr("simulation.model: "));
  EXPECT_THAT(error(), HasSubstr("digital_cim"));
}

TEST_F(RunCheck, FindsADeviceThatIsNotThere) {
  config_.device = "cpu";
  check_run(config_, *space_, dataset_.train);
  config_.device = "gpu";
  EXPECT_EQ(error(), "device: device 'gpu' is not known; allowed are cpu, cuda, cuda:N");
}

TEST_F(RunCheck, FindsNoiseOfConvertersThatHaveNone) {
  config_.supernet.one_shot_noise = true;
  check_run(config_, *space_, dataset_.train);
  config_.simulation.adc_mode = "fix";
  EXPECT_EQ(
      error(),
      "supernet.one_shot_noise is true: converters of mnsim2 with adc_mode fix have no noise in "
      "closed form; those of mnsim2 and mnsim2-corrected with scale have");
  config_.simulation.adc_mode = "scale";
  config_.simulation.model = "digital_cim";
  EXPECT_THAT(error(), HasSubstr("converters of digital_cim with adc_mode scale have no noise"));
}

}  // namespace
}  // namespace gibbon::explore
